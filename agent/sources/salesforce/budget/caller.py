"""In whose name an org is asked, and how important that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from typing import Literal

Purpose = Literal["live", "look_up", "probe", "backfill"]
"""`live`: a source reads what is new; `look_up`: who stands behind an id; `probe`: what the org allows, and checks;
`backfill`: the past."""

Priority = Literal["high", "normal", "low"]
"""What a source's settings say."""


class Rank(IntEnum):
    """Who goes before whom: the least number is held back last."""

    HIGH = 0
    NORMAL = 1
    LOW = 2
    BACKFILL = 3

    @property
    def word(self) -> str:
        """As people know it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class ApiCaller:
    """`source`: its name (`acme/login_history`); `acme` alone for what is of no source."""

    source: str
    purpose: Purpose
    rank: Rank = Rank.HIGH
    every: timedelta = timedelta()
    """The time between two turns; 0 where it has none."""


def source_caller(source: str, priority: Priority, every: timedelta) -> ApiCaller:
    """A source that reads what is new."""
    return ApiCaller(source, "live", Rank[priority.upper()], every)


def backfill_caller(source: str) -> ApiCaller:
    """The past of a source."""
    return ApiCaller(source, "backfill", Rank.BACKFILL)
