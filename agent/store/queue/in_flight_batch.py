"""The batch that a destination's loop is sending: in flight until all its rows are settled."""

from __future__ import annotations

from dataclasses import dataclass

from agent.model import Lane
from agent.store.batch_file import BatchFile
from agent.store.queue.parked_batches import ParkedBatch
from agent.store.spool import Position


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
    def place(self) -> str:
        """What counts attempts at it."""
        return f"aside {self.parked.number}" if self.parked else str(Position(self.sequence))
