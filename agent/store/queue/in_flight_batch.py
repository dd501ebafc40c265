"""What a destination's loop has in hand."""

from __future__ import annotations

from dataclasses import dataclass

from agent.model import Lane
from agent.store.batch_file import BatchFile
from agent.store.queue.parked_batches import ParkedBatch
from agent.store.spool import Position


@dataclass(slots=True)
class InFlightBatch:
    """A batch, or the rest of one, in the hands of a destination's loop."""

    lane: Lane
    file: BatchFile
    row: int
    """Rows before this one are settled."""
    sequence: int = -1
    """Its place in the lane."""
    parked: ParkedBatch | None = None
    """Its entry, once it waits outside the lane."""

    @property
    def place(self) -> str:
        """What counts attempts at it."""
        return f"aside {self.parked.number}" if self.parked else str(Position(self.sequence))
