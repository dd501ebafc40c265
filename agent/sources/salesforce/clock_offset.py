"""How far the machine's clock is from the org's, as the `Date` headers of its answers tell.

`Date` has whole seconds, and it was written some time between our question and its answer. So one answer gives an interval:
the machine was ahead by more than (asked - Date - 1 s) and by at most (answered - Date). Answers fall on different parts of
a second, and their intervals overlap in a much shorter one. Of the last few answers the interval is taken that most agree
on, which a server with a clock of its own, or an answer that was held up, cannot move.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

KEPT = 8
"""Answers that have a say: after the clock was set, five answers settle where it is."""
AGREEING = 3
"""Answers that must agree, and more than half of those kept, until anything is said."""
FOR = 3600.0
"""Seconds for which an answer counts: a clock left to itself drifts by far less than a second meanwhile."""
RESOLUTION = 1.0
"""Seconds in which `Date` is written."""
WIDEST = 10.0
"""Seconds; an answer that took longer says too little."""
APART = 60.0
"""Seconds by which the machine must be ahead for its clock not to say what was read: each poll's overlap covers what is less."""


@dataclass(frozen=True, slots=True)
class ClockOffset:
    """By how many seconds the machine is ahead of the org (negative: behind)."""

    ahead: float
    error: float
    """The true figure differs from `ahead` by no more than this."""

    @property
    def least(self) -> float:
        """How far the clocks are apart for certain."""
        return max(0.0, abs(self.ahead) - self.error)


@dataclass(frozen=True, slots=True)
class _OffsetInterval:
    """Of one answer: seconds by which the machine is ahead, from `low` to `high`."""

    low: float
    high: float
    at: float
    """By a clock that does not jump."""


class OrgClock:
    """Of one org. Safe for threads."""

    def __init__(self, now: Callable[[], datetime], steady: Callable[[], float] = time.monotonic) -> None:
        """`now`: the machine's clock; `steady`: seconds of one that does not jump."""
        self.now = now
        self._steady = steady
        self._lock = threading.Lock()
        self._answers: deque[_OffsetInterval] = deque(maxlen=KEPT)

    def note(self, asked: datetime, headers: Mapping[str, str]) -> None:
        """An answer has arrived; `asked`: when the question was about to be sent. One without a readable `Date`, from a cache
        or after too long a wait says nothing.
        """
        answered, date = self.now(), _date(headers.get("Date", ""))
        if date is None or "Age" in headers or not 0 <= (answered - asked).total_seconds() <= WIDEST:
            return
        low, high = (asked - date).total_seconds() - RESOLUTION, (answered - date).total_seconds()
        with self._lock:
            self._answers.append(_OffsetInterval(low, high, self._steady()))

    def forget(self) -> None:
        """The machine's clock was set: what was measured before says nothing any more."""
        with self._lock:
            self._answers.clear()

    @property
    def offset(self) -> ClockOffset | None:
        """None while too few answers agree."""
        with self._lock:
            since = self._steady() - FOR
            answers = [answer for answer in self._answers if answer.at >= since]
        agreeing = max((_around(answer.low, answers) for answer in answers), key=len, default=[])
        if len(agreeing) < max(AGREEING, len(answers) // 2 + 1):
            return None
        low, high = max(answer.low for answer in agreeing), min(answer.high for answer in agreeing)
        return ClockOffset((low + high) / 2, (high - low) / 2)

    def no_later(self, time: datetime) -> datetime:
        """A time of the machine's, or what the org's clock showed then, whichever is earlier.

        Rows have times of the org. What is noted as read up to this time was read by either clock, also where `Date` is the
        one that is wrong.
        """
        offset = self.offset
        return (
            time
            if offset is None or min(offset.least, offset.ahead) < APART
            else time - timedelta(seconds=offset.ahead)
        )


def _around(point: float, answers: list[_OffsetInterval]) -> list[_OffsetInterval]:
    """The answers by which the machine may be ahead by so much."""
    return [answer for answer in answers if answer.low <= point <= answer.high]


def _date(text: str) -> datetime | None:
    """`Wed, 01 Jul 2026 12:00:00 GMT`; None for what is no date, or has no zone."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date.astimezone(UTC) if date.tzinfo is not None else None
