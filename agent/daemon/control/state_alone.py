"""The stores of all shards, for commands that find no daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from agent.config.settings import Settings
from agent.store.dead_letters import DeadLetters
from agent.store.problems import Problems
from agent.store.queue.parked_batches import ParkedBatches
from agent.store.queue.repairs import Repairs
from agent.store.queue.state_stores import StateStores
from agent.store.queue.status import Shards
from agent.store.spool import Spool
from agent.store.state import State


@contextmanager
def opened_shards(settings: Settings, now: Callable[[], datetime]) -> Iterator[Shards]:
    """Open while inside. Raises StateError, when a daemon holds the state for instance, and StateDamaged."""
    state = State(settings.state.directory)
    try:
        problems = Problems(state, now)
        repairs = Repairs(state, problems, now)
        yield {"": StateStores(state, Spool(state), ParkedBatches(state), DeadLetters(state), repairs, problems)}
    finally:
        state.close()
