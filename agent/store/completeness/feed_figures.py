"""The figures of one feed on one day.

    expected = in time + late + never

All are rows of the later feed (a day's log file, the object that stores events), each counted once however often it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime

import orjson

from agent.errors import StateError
from agent.model import OWN_EVENT_TYPE, Batch

DAY_HOURS = 24
NO_LATER_FEED = "nothing came to compare it with"


@dataclass(frozen=True, slots=True)
class FeedFigures:
    """Of one feed on one day, or of several together."""

    in_time: int = 0
    """Rows that the first feed had brought before they were compared."""
    late: int = 0
    """Rows that only the comparison brought. They went the way of all rows, rules included."""
    never: int = 0
    """Records of which no event could be made: they are dead letters."""
    first: int = 0
    """Rows that the first feed brought, of what it counts by the day."""
    from_hour: int = 0
    """The hour of the day from which on it is compared."""
    hours: int = 0
    """Hours that are compared."""
    due: int = 0
    """When the day is to be compared at the latest, in seconds since 1970."""
    reason: str = ""
    """Why it is not compared, where that is known."""

    @property
    def expected(self) -> int:
        return self.in_time + self.late + self.never

    @property
    def is_compared(self) -> bool:
        return self.hours >= DAY_HOURS - self.from_hour

    @property
    def hours_missing(self) -> int:
        """Hours that are not compared."""
        return max(0, DAY_HOURS - self.from_hour - self.hours)

    def is_due(self, now: datetime) -> bool:
        """Whether the day should have been compared by now."""
        return now >= datetime.fromtimestamp(self.due, UTC)

    def adding(self, batch: Batch, rejected: int) -> FeedFigures:
        """With the rows of a batch that has a `count`. `rejected`: records of it of which no event could be made."""
        count = batch.count
        if count is None:
            return self
        rows = 0 if batch.event_type == OWN_EVENT_TYPE else batch.frame.height
        noted = replace(
            self,
            from_hour=count.from_hour if not self.due else min(self.from_hour, count.from_hour),
            due=max(self.due, int(count.due.timestamp())),
            hours=min(DAY_HOURS, self.hours + count.hours),
            reason=count.reason or ("" if count.hours else self.reason),
        )
        if not count.compares:
            return replace(noted, first=self.first + rows)
        return replace(
            noted,
            in_time=self.in_time + batch.duplicates - count.counted - count.unreadable,
            late=self.late + rows,
            never=self.never + rejected + count.unreadable,
        )

    def encode(self) -> bytes:
        return orjson.dumps(astuple(self))

    @classmethod
    def decode(cls, data: bytes) -> FeedFigures:
        """Raises StateError for what `encode` did not make."""
        try:
            return cls(*orjson.loads(data))
        except (ValueError, TypeError) as error:
            raise StateError(f"the figures of a day cannot be read ({error})") from error


def total(figures: Iterable[FeedFigures]) -> FeedFigures:
    """Rows of several feeds together."""
    of_all = list(figures)
    return FeedFigures(
        in_time=sum(feed.in_time for feed in of_all),
        late=sum(feed.late for feed in of_all),
        never=sum(feed.never for feed in of_all),
        first=sum(feed.first for feed in of_all),
    )


def missing(feeds: Mapping[str, FeedFigures]) -> dict[str, str]:
    """Feeds that are not compared, each with why."""
    return {
        feed: figures.reason or _missing_hours(figures) for feed, figures in feeds.items() if not figures.is_compared
    }


def share(part: int, whole: int) -> float:
    """1.0 of nothing."""
    return part / whole if whole else 1.0


def _missing_hours(figures: FeedFigures) -> str:
    return f"{figures.hours_missing} of its hours are not compared" if figures.hours else NO_LATER_FEED
