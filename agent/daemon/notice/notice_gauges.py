"""How many incidents are open and when the next deadline is, as metrics."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

from agent import metrics
from agent.daemon.incidents.incident_counts import LIVE, incidents_status
from agent.daemon.notice.deadlines import next_deadlines
from agent.notice.incidents.book import IncidentBook
from agent.store.state import State

EVERY = 60.0
"""Seconds between two looks at most: ten thousand incidents with clocks take a second of one."""


class NoticeGauges:
    """For one thread. Nothing is read while no incident changes."""

    def __init__(
        self,
        states: Callable[[], Mapping[str, State]],
        books: Callable[[], Mapping[str, IncidentBook]],
        now: Callable[[], datetime],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`states`, `books`: by the shard's name, as they are now; `steady`: seconds of a clock that nobody sets."""
        self._states = states
        self._books = books
        self._now = now
        self._steady = steady
        self._changes: Mapping[str, tuple[int, int]] = {}
        """By shard: which book it was, and how often something had been stored."""
        self._looked = -EVERY
        self._counted: frozenset[tuple[str, str]] = frozenset()
        """Of which state and level there ever were some: a series does not vanish between two scrapes."""

    def look(self) -> None:
        """To be called about once a second. Raises StateError."""
        changes = {name: (id(book), book.changes) for name, book in self._books().items()}
        if changes == self._changes or self._steady() - self._looked < EVERY:
            return
        states = self._states()
        counts = Counter(dict.fromkeys(self._counted, 0))
        for count in incidents_status(states).open:
            if count.origin == LIVE:
                counts[count.state, count.level] += count.incidents
        self._counted = frozenset(counts)
        for (state, level), number in counts.items():
            metrics.INCIDENTS_OPEN.labels(state, level).set(number)
        nearest = next_deadlines(states, self._now())
        dates = [date for deadline in nearest if (date := deadline.next_due) is not None and deadline.origin == LIVE]
        metrics.NEXT_DEADLINE.set(min(date.timestamp() for date in dates) if dates else 0)
        self._changes, self._looked = changes, self._steady()
