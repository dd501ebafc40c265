"""The stores of one shard, which the queues of all destinations share."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from agent.store.dead_letters import DeadLetters
from agent.store.problem_gauge import ProblemGauge
from agent.store.problems import Problems
from agent.store.queue.parked_batches import ParkedBatches
from agent.store.queue.repairs import Repairs
from agent.store.recent_frames import RecentFrames
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

    @property
    def shard(self) -> str:
        """An org's name in the settings, or `keys.PROCESS`."""
        return self.state.shard


def open_stores(
    state: State,
    now: Callable[[], datetime],
    *,
    grown: threading.Condition | None = None,
    told: threading.Condition | None = None,
    recent: RecentFrames | None = None,
    gauge: ProblemGauge | None = None,
) -> StateStores:
    """Those of the shard of `state`. `grown`, `recent`, `told`, `gauge`: see `Spool` and `Problems`. Raises StateError."""
    problems = Problems(state, now, told, gauge)
    return StateStores(
        state,
        Spool(state, grown, recent),
        ParkedBatches(state),
        DeadLetters(state),
        Repairs(state, problems, now),
        problems,
    )
