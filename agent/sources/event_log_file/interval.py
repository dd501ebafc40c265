"""Hourly or daily files: what the settings want, what the org has, and what the day's file says of its hours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from agent.errors import SourceError
from agent.model import DayCount
from agent.source import Recall
from agent.sources.event_log_file.deduplicate import FilteredRows
from agent.sources.event_log_file.listed_file import IntervalKind, ListedFile
from agent.sources.salesforce.api_error import Refused

IntervalSetting = Literal["hourly", "daily", "auto"]

RunQuery = Callable[[str], Iterable[Mapping[str, Any]]]

INTERVAL_KEY = "interval"
"""Remembered while hourly files are wanted and not to be had, so that it is told once."""


DUE = timedelta(days=5)
"""After a day's begin. Its file comes about 45 hours after it, and may come three days later than that (Object Reference:
EventLogFile).
"""


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


def listing_scope(wanted: IntervalSetting, reconcile: bool | None, query: RunQuery) -> ListingScope:
    """Find out what can be asked for; one or two API calls.

    `auto` takes daily files only where there are daily and no hourly ones: in an org without any file yet it waits for
    hourly ones. With both, the daily files are read too, for what the hours left out, unless `reconcile` is false; if it
    is true, they are also asked for while there are none yet. Alone they would bring rows 45 hours late.
    """
    asks_for_daily = wanted == "auto" or (wanted == "hourly" and reconcile is None)
    try:
        hourly, daily = _any("Hourly", query), asks_for_daily and _any("Daily", query)
    except Refused as error:
        if not no_interval_field(error):
            raise
        return ListingScope(
            ["Daily"], interval=False, reason="" if wanted == "daily" else "EventLogFile has no field Interval"
        )
    if wanted == "daily":
        return ListingScope(["Daily"])
    if not hourly and daily and wanted == "auto":
        return ListingScope(["Daily"], reason="there are only daily files")
    both = (hourly and daily) if reconcile is None else reconcile
    return ListingScope(["Hourly", "Daily"] if both else ["Hourly"])


def _any(kind: IntervalKind, query: RunQuery) -> bool:
    return any(True for _ in query(f"SELECT Id FROM EventLogFile WHERE Interval = '{kind}' LIMIT 1"))  # noqa: S608


@dataclass(frozen=True, slots=True)
class DayComparison:
    """Of one pass: what of a day's own file its hours had brought, and what they had not."""

    recall: Recall
    kinds: Sequence[IntervalKind] = ()
    """Those that are read."""
    since: datetime | None = None
    """Days that began before this have hours that were never wanted."""

    def count(
        self, listed: ListedFile, rows: FilteredRows | None = None, *, is_whole: bool = False, reason: str = ""
    ) -> DayCount | None:
        """What a batch of a file counts; None where there is nothing to compare the file with.

        `rows`: what of the file the batch brings; `is_whole`: whether all of the file is read with it; `reason`: why
        it is not.
        """
        if not self._compares(listed):
            return None
        is_daily = listed.kind == "Daily"
        return DayCount(
            day=listed.log_date.date(),
            feed=listed.event_type,
            due=_begin(listed) + DUE,
            compares=is_daily,
            hours=listed.hours if is_daily and is_whole else 0,
            counted=rows.counted if rows is not None and is_daily else 0,
            unreadable=rows.unreadable if rows is not None and is_daily else 0,
            reason=reason if is_daily else "",
        )

    def _compares(self, listed: ListedFile) -> bool:
        if len(self.kinds) < 2 or self.since is None:
            return False
        if _begin(listed) < self.since:
            return False
        return listed.kind == "Hourly" or self._has_hours(listed.event_type)

    def _has_hours(self, event_type: str) -> bool:
        """Whether any hour of the last days was read: some types have daily files alone, which nothing precedes."""
        return any(key.split("/", 4)[3] != "day" for key in self.recall.keys(f"taken/{event_type}/"))


def _begin(listed: ListedFile) -> datetime:
    """Of its day."""
    return listed.log_date.replace(hour=0, minute=0, second=0, microsecond=0)
