"""The type of all times in frames, and who reads written times.

Four readers take times from text. They agree on the type, and on what Salesforce writes in `TIMESTAMP`
(`20260302081505.718`, in UTC); beyond this each is as strict as its input asks for:

- `normalize/event_time.py`: the two columns of log files, both in UTC, by the column. Nothing else is a time there, for
  what it reads has to be written back as it was.
- `hunt/raw_time.py`: NDJSON of any maker: ISO 8601 with offsets, numbers since 1970, each distinct text by itself. No
  offset means UTC.
- `columns/local_time.py`: hours and weekdays that rules name, so it leaves the zone out, which the others apply.
- `enrichment/lists/leaver_file.py`: days, from directories and people: ISO 8601, LDAP's generalized time, Windows' file
  time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl

TIME = pl.Datetime("ms", "UTC")
"""Of `@timestamp` and every other time that a frame holds. Salesforce gives milliseconds, and nothing finer."""

HOUR = 3_600_000
"""Milliseconds, the unit of times that are reckoned with as whole numbers (`Int64`)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

COMPACT_SECONDS = "%Y%m%d%H%M%S"
"""The 14 digits before the fraction in Salesforce's `TIMESTAMP`. strptime and Polars read them alike."""


def constant_time(name: str, moment: datetime) -> pl.Series:
    """A column of one row (`TIME`). `moment`: with a zone.

    By way of a number, which takes 7 µs where Polars takes 85 for a time with a zone.
    """
    return pl.Series(name, [(moment - _EPOCH) // _MILLISECOND], dtype=pl.Int64).cast(TIME)
