"""The calls that count against an org's limit: those of the last 24 hours, whoever makes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

DAY = timedelta(days=1)
TOGETHER = timedelta(minutes=1)
"""Calls that are so near to each other leave together."""


class ApiAllowance:
    """Not safe for threads: the org has the lock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._spent: deque[tuple[datetime, int]] = deque()

    @property
    def used(self) -> int:
        """Calls of the last 24 hours."""
        self._settle()
        return sum(calls for _, calls in self._spent)

    def spend(self, calls: int = 1) -> None:
        """Calls are made now."""
        self._settle()
        now = self._now()
        if self._spent and timedelta() <= now - self._spent[-1][0] < TOGETHER:
            at, before = self._spent.pop()
            self._spent.append((at, before + calls))
        else:
            self._spent.append((now, calls))

    def set(self, calls: int) -> None:
        """So many were made, all of them now."""
        self._spent = deque([(self._now(), calls)])

    def _settle(self) -> None:
        since = self._now() - DAY
        while self._spent and self._spent[0][0] <= since:
            self._spent.popleft()
