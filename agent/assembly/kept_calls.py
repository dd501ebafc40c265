"""What was counted of an org's API calls, kept over a restart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from agent.sources.salesforce.budget.budget_book import ApiBudgetBook
from agent.store import keys
from agent.store.state import State

log = structlog.get_logger()

EVERY = timedelta(minutes=5)
"""A killed process forgets the calls of so long at most; the org's own count has them."""


class KeptCalls:
    """Of one shard. For one thread at a time."""

    def __init__(self, state: State, budget: ApiBudgetBook, now: Callable[[], datetime]) -> None:
        """Takes over what the last process kept. Raises StateError."""
        self._state = state
        self._budget = budget
        self._now = now
        self._written: datetime | None = None
        data = state.data(keys.API_CALLS.key())
        try:
            if data is not None:
                budget.restore(data)
        except ValueError as error:  # saves calls only: what the org counts holds all the same
            log.warning(
                "what was counted of API calls cannot be read and is counted from 0", org=state.shard, reason=str(error)
            )

    def tick(self) -> None:
        """Keep what was counted, now and then. Raises DiskFull, StateDamaged."""
        now = self._now()
        if self._written is None or not self._written <= now < self._written + EVERY:
            self._written = now if self.write() else None

    def write(self) -> bool:
        """Keep what was counted; False where that is nothing new. Raises DiskFull, StateDamaged."""
        data = self._budget.kept()
        if data is None:
            return False
        with self._state.transact() as transaction:
            transaction.set(keys.API_CALLS.key(), data)
        return True
