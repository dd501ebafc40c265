"""The stores of one state directory, which the queues of all destinations share."""

from __future__ import annotations

from dataclasses import dataclass

from agent.store.dead_letters import DeadLetters
from agent.store.problems import Problems
from agent.store.queue.parked_batches import ParkedBatches
from agent.store.queue.repairs import Repairs
from agent.store.spool import Spool
from agent.store.state import State


@dataclass(frozen=True, slots=True)
class StateStores:
    """Opened together, at the start."""

    state: State
    spool: Spool
    parked: ParkedBatches
    dead_letters: DeadLetters
    repairs: Repairs
    problems: Problems
