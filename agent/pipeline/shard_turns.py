"""Whose batch a destination sends next, over all shards that it takes."""

from __future__ import annotations

from collections.abc import Sequence

from agent.pipeline.shard_follower import ShardFollower
from agent.store.queue.in_flight_batch import RANKS, InFlightBatch


class ShardTurns:
    """For one destination's loop. Shards may join from another thread; none ever leaves, for what waits is sent."""

    def __init__(self, shards: Sequence[ShardFollower]) -> None:
        self.shards: Sequence[ShardFollower] = shards
        """Another list after each that joins; the numbers of those before stay."""
        self._turns = [0] * RANKS
        """For each rank, the number of the shard that comes first among those with a batch of it."""

    def join(self, shard: ShardFollower) -> None:
        """A shard comes last in the round."""
        self.shards = [*self.shards, shard]

    def next(self) -> ShardFollower | None:
        """The shard with the most urgent batch: alerts of all shards come before events of any. Among equals they take
        turns, a batch each, so that no org's backlog holds up another's.
        """
        shards = self.shards
        ranks = {number: rank for number, shard in enumerate(shards) if (rank := shard.rank()) is not None}
        if not ranks:
            return None
        urgent = min(ranks.values())
        turn, count = self._turns[urgent], len(shards)
        waiting = [number for number, rank in ranks.items() if rank == urgent]
        return shards[min(waiting, key=lambda number: (number - turn) % count)]

    def note_turn(self, shard: ShardFollower, batch: InFlightBatch) -> None:
        """It is this shard's turn, with this batch."""
        # Turns are kept by rank: if alerts moved those of events, an org with many alerts would hand the turn to its
        # neighbour after each of them, and the orgs behind that one would wait.
        self._turns[batch.rank] = self.shards.index(shard) + 1

    def overtakes(self, batch: InFlightBatch) -> bool:
        """Whether something more urgent waits in any shard: an alert, or rows of now while old ones are being sent."""
        return any((rank := shard.rank()) is not None and rank < batch.rank for shard in self.shards)
