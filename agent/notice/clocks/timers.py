"""When the incidents of one shard are to be looked at, in memory, and the looks that are due.

Where nothing was stored and nothing is due, nothing is read. Whatever is stored is looked at in the transaction that stores
what follows from it: an end in between leaves the mark or the timer, and the next look finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

import structlog

from agent.notice.clock import CLOCKS, TIMERS, decode
from agent.notice.clocks.keeper import ClockKeeper
from agent.notice.clocks.lateness import Lateness
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.counting import working_days
from agent.notice.incidents.book import DAMAGED, RECKON, IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.grouping import milliseconds

log = structlog.get_logger()

PROBLEM = "incident-damaged"
UNWATCHED = "nothing watches its deadlines, and alerts open another incident"
LOST = "what people recorded of it is in the trail alone"

AT_ONCE = 8
"""Incidents that one transaction looks at: batches wait for it."""

BASED = "based"
"""Key of the digest of the basis to which all incidents with a clock were brought."""


class ShardClocks:
    """For one thread at a time."""

    def __init__(
        self,
        desk: IncidentDesk,
        book: IncidentBook,
        lateness: Lateness,
        current: Callable[[], CurrentBasis | None],
    ) -> None:
        self.desk = desk
        self._book = book
        self._current = current
        self._keeper = ClockKeeper(desk.recall, desk.settings, lateness, current)
        self._timers: dict[str, int] | None = None
        """By incident; None before they were read."""
        self._damaged: set[str] = set()
        """Incidents that could not be read when they were looked at last; the problem is reported."""
        self._next: int | None = None
        self._seen = -1
        """How often something had been stored when marks were looked for last."""
        self._to_bring: tuple[str, dict[str, None]] = "", {}
        """The digest of a basis, and the incidents that are still to be brought to it."""
        self._based: str | None = None
        """The basis to which all were brought, as far as is known; None before it was read."""

    def is_due(self, now: datetime) -> bool:
        """Whether `turn` has something to do; reads no state."""
        if self._book.changes != self._seen or self._timers is None or self._must_rebase() or self._unreported():
            return True
        return self._next is not None and self._next <= milliseconds(now)

    def turn(self, now: datetime, stops: Callable[[], bool] = lambda: False) -> int:
        """Look at all incidents that are due; how many they were. `stops`: whether to leave the rest for another turn.

        Raises StateError, DiskFull; what was not stored is looked at again.
        """
        seen, current, timers = self._book.changes, self._current(), self._read_timers()
        due = [number for number, at in sorted(timers.items(), key=lambda item: item[1]) if at <= milliseconds(now)]
        marked = [key.removeprefix(RECKON) for key in self.desk.recall.keys(RECKON)]
        rebased = self._to_rebase(current)
        numbers = list(dict.fromkeys([*due, *marked, *rebased]))
        for number in [*self._unreported(), *self._damaged.intersection(numbers)]:
            self._look([number], timers)
            if number not in self._damaged:
                self._book.damaged.discard(number)
            if self.desk.recall(DAMAGED + number) is not None:
                self._report(number, f"{number} could not be read, and its alert opened it again: {LOST}")
        numbers = [number for number in numbers if number not in self._damaged]
        if numbers and current is not None:
            working_days.load()  # no batch is to wait for it
        for start in range(0, len(numbers), AT_ONCE):
            if stops():
                return start
            self._look(numbers[start : start + AT_ONCE], timers)
        self._next = min(timers.values(), default=None)
        self._seen = seen
        self._note_based(current)
        return len(numbers)

    def _look(self, numbers: Sequence[str], timers: dict[str, int]) -> None:
        """All of them in one transaction; where one is damaged, each in its own."""
        try:
            with self.desk.changing() as change:
                found = {number: self._keeper.look(change, number, timers.get(number)) for number in numbers}
                for number in numbers:
                    if self.desk.recall(DAMAGED + number) is None:
                        change.problems.over(PROBLEM, number, f"{number} can be read again")
        except ValueError as error:
            if len(numbers) == 1:
                timers.pop(numbers[0], None)
                self._to_bring[1].pop(numbers[0], None)
                log.error("the clocks of an incident cannot be kept", incident=numbers[0], reason=str(error)[:300])
                self._report(numbers[0], f"{numbers[0]} cannot be read: {UNWATCHED}")
                return
            for number in numbers:
                self._look([number], timers)
            return
        for number, at in found.items():
            self._to_bring[1].pop(number, None)
            self._damaged.discard(number)
            timers.pop(number, None)
            if at is not None:
                timers[number] = at

    def _unreported(self) -> set[str]:
        """Incidents that alerts have found damaged meanwhile."""
        return set(self._book.damaged) - self._damaged

    def _report(self, number: str, message: str) -> None:
        """Once; its marks and its timer stay where they are stored, for when it can be read again."""
        if number in self._damaged:
            return
        with self.desk.changing() as change:
            change.problems.report(PROBLEM, number, message, org=self.desk.shard)
        self._damaged.add(number)

    def _read_timers(self) -> dict[str, int]:
        if self._timers is None:
            timers, damaged = TIMERS.read_all(self.desk.recall.keys(TIMERS.prefix))
            if damaged:
                self._mark_others(damaged, timers)
            self._timers = timers
        return self._timers

    def _mark_others(self, damaged: Sequence[str], timers: Mapping[str, int]) -> None:
        """Whose they were nobody knows: whatever has no timer is marked, and looked at."""
        log.error("timers of clocks cannot be read", count=len(damaged), first=damaged[0][:300])
        without = [number for number in self._book.ids() if number not in timers]
        with self.desk.changing() as change:
            change.apply({**dict.fromkeys(damaged), **{RECKON + number: b"" for number in without}})

    # Another basis

    def _must_rebase(self) -> bool:
        current = self._current()
        return current is not None and current.known.digest != self._based

    def _to_rebase(self, current: CurrentBasis | None) -> Iterable[str]:
        """Incidents with a running clock that the basis of now may add to; of a turn that was cut short, the rest of them."""
        if current is None or current.known.digest == self._based:
            return []
        if self.desk.recall(BASED) == current.known.digest.encode():
            self._based = current.known.digest
            return []
        if self._to_bring[0] != current.known.digest:
            found = (key.removeprefix(CLOCKS) for key in self.desk.recall.keys(CLOCKS) if self._runs(key))
            self._to_bring = current.known.digest, dict.fromkeys(found)
        return list(self._to_bring[1])

    def _runs(self, key: str) -> bool:
        try:
            return any(not clock.has_ended for clock in decode(self.desk.recall(key)))
        except ValueError:
            return True  # the look says so

    def _note_based(self, current: CurrentBasis | None) -> None:
        """`current`: the one of when the turn began; a reload may have brought another one meanwhile."""
        if current is None or current.known.digest == self._based:
            return
        with self.desk.changing() as change:
            change.apply({BASED: current.known.digest.encode()})
        self._based = current.known.digest
