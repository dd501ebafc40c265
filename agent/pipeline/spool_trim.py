"""Letting go of batches that nobody needs any more."""

from __future__ import annotations

from collections.abc import Sequence

from agent import metrics
from agent.model import LANES
from agent.pipeline.forward import Forward
from agent.store.spool import Spool


class Trim:
    """Of the spool, behind all destinations. Safe for threads."""

    def __init__(self, spool: Spool, forwards: Sequence[Forward]) -> None:
        self._spool = spool
        self._forwards = forwards

    def trim(self) -> None:
        """Let go of batches that every destination has settled, and measure what waits."""
        # The destination that is furthest behind decides, in each lane by itself; a lane that none takes has no reader,
        # so all of it may go.
        lowest = {
            lane: min(
                (forward.position(lane) for forward in self._forwards if lane in forward.lanes),
                key=lambda position: (position.sequence, position.row),
                default=self._spool.end(lane),
            )
            for lane in LANES
        }
        self._spool.trim(lowest)
        metrics.SPOOL_BYTES.set(self._spool.bytes_held())
        for forward in self._forwards:
            forward.measure_waiting()
