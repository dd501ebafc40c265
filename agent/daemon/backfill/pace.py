"""How fast a backfill goes, and how long it still takes."""

from __future__ import annotations

from collections import deque

WINDOW = 60.0
"""Seconds over which the rate is taken."""


class BackfillPace:
    """Of one backfill in this process. Safe for one writer and many readers."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        """When so many rows were read, in seconds of a clock that does not jump."""

    def note(self, at: float, rows: int) -> None:
        """So many rows are read by now."""
        if self._seen and rows < self._seen[-1][1]:
            self._seen.clear()  # another one
        self._seen.append((at, rows))
        while len(self._seen) > 2 and self._seen[0][0] < at - WINDOW:
            self._seen.popleft()

    @property
    def rows_per_second(self) -> float | None:
        """None until it can be told."""
        if len(self._seen) < 2:
            return None
        (began, before), (ended, after) = self._seen[0], self._seen[-1]
        return (after - before) / (ended - began) if ended > began else None

    def seconds_left(self, rows: int) -> float | None:
        """For so many rows; None while nobody can tell."""
        rate = self.rows_per_second
        return max(0, rows) / rate if rate else None
