"""The metric of open problems, over the registers of all shards."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from agent import metrics
from agent.problem_kinds import KINDS


class ProblemGauge:
    """What several registers share, so that one does not overwrite what another counted. Safe for threads."""

    def __init__(self) -> None:
        self._counts: dict[str, Mapping[str, int]] = {}
        self._lock = threading.Lock()

    def set(self, shard: str, counts: Mapping[str, int]) -> None:
        """`counts`: open problems of the shard by their kind."""
        with self._lock:
            self._counts[shard] = counts
            for kind in KINDS:
                metrics.PROBLEMS.labels(kind).set(sum(known.get(kind, 0) for known in self._counts.values()))
