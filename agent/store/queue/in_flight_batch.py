"""The batch that a destination's loop is sending: in flight until all its rows are settled."""

from __future__ import annotations

from dataclasses import dataclass

from agent.model import LANES, Lane
from agent.store.batch_file import BatchFile
from agent.store.queue.parked_batches import ParkedBatch
from agent.store.spool import Position

RANKS = 2 * len(LANES)


def rank_of(lane: Lane, *, parked: bool) -> int:
    """How urgent a batch is, 0 the most: alerts now, alerts parked, events now, events parked."""
    return 2 * LANES.index(lane) + parked


@dataclass(slots=True)
class InFlightBatch:
    """A batch, or the rest of one, from the lane or parked. It may be parked while it is in flight."""

    lane: Lane
    file: BatchFile
    row: int
    """Rows before this one are settled."""
    sequence: int = -1
    """Its place in the lane."""
    parked: ParkedBatch | None = None
    """Its entry, once it waits outside the lane."""

    @property
    def rank(self) -> int:
        """See `rank_of`."""
        return rank_of(self.lane, parked=self.parked is not None)

    @property
    def place(self) -> str:
        """What counts attempts at it."""
        return f"aside {self.parked.number}" if self.parked else str(Position(self.sequence))
