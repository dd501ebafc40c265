"""What of the status document is about completeness: rows of one feed held against those of another that has the same later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

DayState = Literal["waiting", "complete", "incomplete"]


@dataclass(frozen=True, slots=True)
class FeedCompleteness:
    """Rows of one feed of a source on one day: expected = in time + late + never."""

    name: str
    """An event type, or the name of an event."""
    expected: int
    in_time: int
    late: int
    never: int
    missing: str = ""
    """Why it is not compared, wholly or in part; empty where it is."""


@dataclass(frozen=True, slots=True)
class DayCompleteness:
    """A source on one day, by a feed that has the same rows later. `never`: those of which no event could be made."""

    source: str
    day: date
    state: DayState
    """`waiting` while it may still be compared."""
    expected: int
    in_time: int
    late: int
    never: int
    share: float
    """Of the expected rows, those that became events; 1 is all."""
    feeds: Sequence[FeedCompleteness]
    org: str = ""
