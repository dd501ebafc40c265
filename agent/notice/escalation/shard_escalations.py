"""When the incidents of one shard are to be looked at for whom to tell, in memory, and the looks that are due.

Where nothing was stored and nothing is due, nothing is read. A mark or a timer stays until the transaction that stores what
follows from it: an end in between leaves it, and the next look finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from agent.notice.escalation.escalation import ESCALATION, TIMERS
from agent.notice.escalation.keeper import EscalationKeeper, Surroundings
from agent.notice.incidents.book import DAMAGED, ESCALATE, INCIDENT, IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.grouping import milliseconds
from agent.notice.sending.unknown_channels import give_up

log = structlog.get_logger()

PROBLEM = "incident-damaged"

AT_ONCE = 8
"""Incidents that one transaction looks at: batches wait for it."""


class ShardEscalations:
    """For one thread at a time."""

    def __init__(self, desk: IncidentDesk, book: IncidentBook, surroundings: Surroundings) -> None:
        self.desk = desk
        self._book = book
        self._channels = surroundings.channels.keys()
        self._keeper = EscalationKeeper(desk.recall, desk.shard, surroundings)
        self._timers: dict[str, int] | None = None
        """By incident; None before they were read."""
        self._damaged: dict[str, tuple[bytes | None, int | None]] = {}
        """Incidents that could not be read, as they were stored, and their timers: they are left alone until something else is
        stored, for an alert may open them again.
        """
        self._next: int | None = None
        self._seen = -1
        """How often something had been stored when marks were looked for last."""

    def is_due(self, now: datetime) -> bool:
        """Whether `turn` has something to do; reads no state."""
        if self._book.changes != self._seen or self._timers is None:
            return True
        return self._next is not None and self._next <= milliseconds(now)

    def turn(self, now: datetime, stops: Callable[[], bool] = lambda: False) -> int:
        """Look at all incidents that are due; how many they were. `stops`: whether to leave the rest for another turn.

        Raises StateError, DiskFull; what was not stored is looked at again.
        """
        seen = self._book.changes
        timers, unknown = (self._timers, []) if self._timers is not None else self._read()
        due = [number for number, at in sorted(timers.items(), key=lambda item: item[1]) if at <= milliseconds(now)]
        marked = [key.removeprefix(ESCALATE) for key in self.desk.recall.keys(ESCALATE)]
        numbers = [
            number
            for number in dict.fromkeys([*due, *marked, *unknown, *self._damaged])
            if not self._is_damaged(number)
        ]
        for start in range(0, len(numbers), AT_ONCE):
            if stops():
                return start
            self._look(numbers[start : start + AT_ONCE], timers)
        self._timers = timers
        self._next = min(timers.values(), default=None)
        self._seen = seen
        return len(numbers)

    def _look(self, numbers: Sequence[str], timers: dict[str, int]) -> None:
        """All of them in one transaction; where one is damaged, each in its own."""
        try:
            with self.desk.changing() as change:
                found = {number: self._keeper.look(change, number, self._timer(timers, number)) for number in numbers}
        except ValueError as error:
            if len(numbers) > 1:
                for number in numbers:
                    self._look([number], timers)
                return
            self._set_aside(numbers[0], str(error), self._timer(timers, numbers[0]))
            timers.pop(numbers[0], None)
            return
        for number, at in found.items():
            self._damaged.pop(number, None)
            timers.pop(number, None)
            if at is not None:
                timers[number] = at

    def _timer(self, timers: dict[str, int], number: str) -> int | None:
        """What is stored of an incident that was set aside counts no more, and is to go with its next look."""
        return timers.get(number, self._damaged.get(number, (None, None))[1])

    def _is_damaged(self, number: str) -> bool:
        return number in self._damaged and self._damaged[number][0] == self.desk.recall(INCIDENT + number)

    def _set_aside(self, number: str, reason: str, timer: int | None) -> None:
        log.error("an incident cannot be read, and no message about it is sent", incident=number, reason=reason[:300])
        with self.desk.changing() as change:
            message = f"{number} cannot be read: no message about it is sent, and alerts open another incident"
            change.problems.report(PROBLEM, number, message, org=self.desk.shard)
        self._damaged[number] = (self.desk.recall(INCIDENT + number), timer)

    def _read(self) -> tuple[dict[str, int], list[str]]:
        """Timers, and open incidents without an escalation: those of before there were policies, or whose timer is damaged."""
        give_up(self.desk, self._channels)
        timers, damaged = TIMERS.read_all(self.desk.recall.keys(TIMERS.prefix))
        if damaged:
            log.error("timers of escalations cannot be read", count=len(damaged), first=damaged[0][:300])
            with self.desk.changing() as change:
                change.apply(dict.fromkeys(damaged))
        known = {key.removeprefix(ESCALATION) for key in self.desk.recall.keys(ESCALATION)}
        without = [number for number in self._book.open_ids() if number not in timers]
        restored = [number for number in known if number not in timers and self.desk.recall(DAMAGED + number) is None]
        return timers, list(dict.fromkeys([*without, *restored]))
