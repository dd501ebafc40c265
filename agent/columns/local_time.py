"""Times as they are written: ISO 8601 and Salesforce's `20260131235959.999`, without changing the time zone."""

from __future__ import annotations

import polars as pl

# Year, month, day, and where there is a time hour and minute. Seconds, fraction and zone are looked at and left out.
_WRITTEN = r"^(\d{4})-?(\d{2})-?(\d{2})(?:[Tt ]?(\d{2}):?(\d{2})(?::?\d{2}(?:[.,]\d+)?)?(?:[Zz]|[+-]\d{2}:?\d{2})?)?$"


def read(texts: pl.Series) -> pl.Series:
    """`String` to `Datetime("ms")` to the minute; null where there is no time to be read.

    Of `2026-07-01T23:30:00+02:00` the hour is 23: a rule that names an hour means the one it reads in the event.
    A date alone is midnight.
    """
    parts = texts.to_frame("text").select(pl.col("text").str.extract_groups(_WRITTEN)).unnest("text")
    year, month, day, hour, minute = (pl.col(name).cast(pl.String).fill_null("00") for name in parts.columns)
    # Parsed again as a whole, so that a day or an hour that does not exist (02-30, 25:00) is null.
    written = pl.concat_str([year, month, day, hour, minute], separator=" ")
    return parts.select(written.str.to_datetime("%Y %m %d %H %M", time_unit="ms", strict=False)).to_series()
