"""Letting go of batches that nobody needs any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent import metrics
from agent.model import LANES
from agent.pipeline.forward import Forward
from agent.pipeline.shard_follower import ShardFollower
from agent.store.keys import PROCESS
from agent.store.queue.backlog_limit import BacklogLimit
from agent.store.spool import Spool


class ShardTrim:
    """Of one shard's spool, behind all destinations that take the shard. Safe for threads."""

    def __init__(self, spool: Spool, deliveries: Sequence[ShardFollower]) -> None:
        self._spool = spool
        self._deliveries = deliveries

    def trim(self) -> None:
        """Let go of batches that every destination has settled."""
        # The destination that is furthest behind decides, in each lane by itself; a lane that none takes has no reader,
        # so all of it may go.
        lowest = {
            lane: min(
                (delivery.queue.position(lane) for delivery in self._deliveries if lane in delivery.lanes),
                key=lambda position: (position.sequence, position.row),
                default=self._spool.end(lane),
            )
            for lane in LANES
        }
        self._spool.trim(lowest)

    def bytes_held(self) -> int:
        """What is left."""
        return self._spool.bytes_held()


class Trim:
    """Of the spools of all shards. Safe for threads."""

    def __init__(
        self, shards: Sequence[ShardTrim], forwards: Sequence[Forward], limits: Mapping[str, BacklogLimit]
    ) -> None:
        """`limits`: of all shards, by name."""
        self._shards = shards
        self._forwards = forwards
        self._limits = limits

    def trim(self) -> None:
        """Let go of what is settled, and measure what waits."""
        self._limits[PROCESS].enforce()  # no source asks for room there before it is read
        for shard in self._shards:
            shard.trim()
        for limit in self._limits.values():
            limit.measure()
        metrics.SPOOL_BYTES.set(sum(shard.bytes_held() for shard in self._shards))
        for forward in self._forwards:
            forward.measure_waiting()
