"""Hourly or daily files: what the settings want, what the org has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.errors import SourceError
from agent.sources.event_log_file.listed_file import IntervalKind
from agent.sources.salesforce.api_error import Refused

IntervalSetting = Literal["hourly", "daily", "auto"]

RunQuery = Callable[[str], Iterable[Mapping[str, Any]]]

INTERVAL_KEY = "interval"
"""Remembered while hourly files are wanted and not to be had, so that it is told once."""


@dataclass(frozen=True, slots=True)
class ListingScope:
    """Which kinds of file to list, and whether the field Interval may be named."""

    kinds: Sequence[IntervalKind]
    interval: bool = True
    reason: str = ""
    """Why it is not what was wanted."""


def no_interval_field(error: SourceError) -> bool:
    """`INVALID_FIELD: No such column 'Interval'`: no hourly files, an API version before 37.0, or field-level security."""
    return isinstance(error, Refused) and error.code == "INVALID_FIELD" and "Interval" in str(error)


def listing_scope(wanted: IntervalSetting, reconcile: bool, query: RunQuery) -> ListingScope:
    """Find out what can be asked for; one or two API calls.

    `auto` takes daily files only where there are daily and no hourly ones: in an org without any file yet it waits for
    hourly ones. With both, `reconcile` adds the daily files to the hourly ones; alone they would bring rows 45 hours late.
    """
    try:
        hourly, daily = _any("Hourly", query), wanted == "auto" and _any("Daily", query)
    except Refused as error:
        if not no_interval_field(error):
            raise
        return ListingScope(
            ["Daily"], interval=False, reason="" if wanted == "daily" else "EventLogFile has no field Interval"
        )
    if wanted == "daily":
        return ListingScope(["Daily"])
    if not hourly and daily:
        return ListingScope(["Daily"], reason="there are only daily ones")
    return ListingScope(["Hourly", "Daily"] if reconcile else ["Hourly"])


def _any(kind: IntervalKind, query: RunQuery) -> bool:
    return any(True for _ in query(f"SELECT Id FROM EventLogFile WHERE Interval = '{kind}' LIMIT 1"))  # noqa: S608
