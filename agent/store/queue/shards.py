"""The stores of all shards of a state directory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.problem_gauge import ProblemGauge
from agent.store.queue.state_stores import StateStores, open_stores
from agent.store.recent_frames import RecentFrames


@dataclass(frozen=True, slots=True)
class ShardOpening:
    """What the stores of all shards have in common."""

    directory: StateDirectory
    now: Callable[[], datetime]
    grown: threading.Condition = field(default_factory=threading.Condition)
    """See `Spool`."""
    told: threading.Condition = field(default_factory=threading.Condition)
    """See `Problems`."""
    _recent: RecentFrames = field(default_factory=RecentFrames)
    _gauge: ProblemGauge = field(default_factory=ProblemGauge)

    def open(self, shard: str) -> StateStores:
        """Those of one shard, new or known; once for each. Raises StateError."""
        state = self.directory.shard(shard)
        return open_stores(state, self.now, grown=self.grown, told=self.told, recent=self._recent, gauge=self._gauge)

    def open_all(self, orgs: Iterable[str]) -> dict[str, StateStores]:
        """By name: the process's, those of `orgs` (names in the settings), and those that only the state knows.

        The last are of orgs that the settings named once: what waits for destinations there is still sent. Raises
        StateError.
        """
        return {name: self.open(name) for name in dict.fromkeys((keys.PROCESS, *orgs, *self.directory.shards()))}


def open_shards(directory: StateDirectory, orgs: Iterable[str], now: Callable[[], datetime]) -> dict[str, StateStores]:
    """See `ShardOpening.open_all`."""
    return ShardOpening(directory, now).open_all(orgs)
