"""An org that counts its calls of 24 hours as Salesforce does, sources that want to be read, and minutes that pass."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.daemon.reading.source_failures import ORG_PAUSE
from agent.sources.salesforce.budget.budget_book import ApiBudgetBook
from agent.sources.salesforce.budget.caller import ApiCaller, Priority, backfill_caller, source_caller
from agent.sources.salesforce.budget.settings import ApiBudget
from tests.pipeline.fakes import NOW, Clock

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


class ModelAllowance:
    """Calls of the last 24 hours, whoever makes them."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._made: deque[datetime] = deque()

    def use(self, now: datetime, calls: int = 1) -> None:
        self._made.extend([now] * calls)

    def used(self, now: datetime) -> int:
        while self._made and self._made[0] <= now - DAY:
            self._made.popleft()
        return len(self._made)


@dataclass
class ModelSource:
    """Asks so often, and as many calls a turn."""

    name: str
    priority: Priority
    every: timedelta
    calls: int = 1
    turns: list[datetime] = field(default_factory=list)
    """When it had its turn."""
    refused: int = 0
    """Turns for which not even those of high priority could ask."""

    @property
    def caller(self) -> ApiCaller:
        return source_caller(self.name, self.priority, self.every)

    def share(self, days: Sequence[int]) -> float:
        """Of the turns that it wanted on these days, those that it had."""
        had = sum((turn - NOW) // DAY in days for turn in self.turns)
        return had / (len(days) * (DAY / self.every))

    def longest_wait(self, since: timedelta, until: timedelta) -> timedelta:
        """Between two turns."""
        turns = [NOW + since, *(turn for turn in self.turns if NOW + since <= turn < NOW + until), NOW + until]
        return max(after - before for before, after in itertools.pairwise(turns))


class ModelDay:
    """`foreign`: calls that somebody else makes in a minute, by what has passed since the beginning."""

    def __init__(
        self,
        limit: int,
        sources: Sequence[ModelSource],
        settings: ApiBudget | None = None,
        foreign: Callable[[timedelta], int] = lambda _: 0,
    ) -> None:
        self.clock = Clock()
        self.allowance = ModelAllowance(limit)
        self.sources = sources
        self.settings = settings or ApiBudget()
        self.peak = 0
        """The most calls of 24 hours."""
        self.backfilled: list[datetime] = []
        self._foreign = foreign
        self._rests_until = NOW
        self.begin_book()

    def begin_book(self, kept: bytes | None = None) -> None:
        """As a new process does."""
        self.book = ApiBudgetBook("acme", self.settings, self.clock)
        if kept is not None:
            self.book.restore(kept)
        for source in self.sources:
            self.book.register(source.caller)

    def run(self, duration: timedelta, *, backfill: int = 0) -> None:
        """`backfill`: calls that a backfill would like to make each minute."""
        for _ in range(duration // MINUTE):
            passed = self.clock.now - NOW
            self.allowance.use(self.clock.now, self._foreign(passed))
            for source in self.sources:
                if passed % source.every < MINUTE:
                    self._turn(source)
            for _ in range(backfill):
                if not self.book.exhausted and self.book.backfill_turn() is None:
                    self._call(backfill_caller("acme/event_log_file"))
                    self.backfilled.append(self.clock.now)
            self.peak = max(self.peak, self.allowance.used(self.clock.now))
            self.clock.now += MINUTE

    def _turn(self, source: ModelSource) -> None:
        if self.clock.now < self._rests_until:
            source.refused += 1
            return
        if self.book.exhausted:
            self._news()
        if self.book.exhausted:
            source.refused += 1
            self._rests_until = self.clock.now + ORG_PAUSE
            return
        if self.book.turn(source.name) is not None:
            if not self.book.ask_for_news():
                return
            self._news()
            if self.book.turn(source.name) is not None:
                return
        source.turns.append(self.clock.now)
        for _ in range(source.calls):
            self._call(source.caller)

    def _news(self) -> None:
        self._call(ApiCaller("acme", "probe"))

    def _call(self, caller: ApiCaller) -> None:
        self.book.count(caller)
        self.allowance.use(self.clock.now)
        usage = f"api-usage={self.allowance.used(self.clock.now)}/{self.allowance.limit}"
        self.book.note({"Sforce-Limit-Info": usage})


def usual_sources() -> list[ModelSource]:
    """What one org has, with what a turn costs: 1,440 + 720 + 288 calls a day that matter most, 6,912 in all."""
    return [
        ModelSource("acme/setup_audit_trail", "high", MINUTE),
        ModelSource("acme/login_history", "high", 2 * MINUTE),
        ModelSource("acme/event_log_file", "high", 10 * MINUTE, 2),
        ModelSource("acme/provisioning", "normal", 5 * MINUTE, 2),
        ModelSource("acme/sessions", "normal", 10 * MINUTE, 4),
        ModelSource("acme/event_log_object", "low", 5 * MINUTE, 12),
    ]
