"""Events that carry checkpoints, as the spool has them."""

from datetime import UTC, datetime, timedelta

import polars as pl

from agent.signing.signed_note import NoteSigner
from agent.trail.checkpoint import Checkpoint, signed
from agent.trail.checkpointer import TakenCheckpoint

ORIGIN = "leakline/0a1b2c3d/trail"
BEGIN = datetime(2026, 7, 1, 10, tzinfo=UTC)


def taken(size: int, origin: str = ORIGIN) -> TakenCheckpoint:
    """A checkpoint of so many records, whose root is nobody's."""
    checkpoint = Checkpoint(origin, size, bytes([size % 256]) * 32)
    return TakenCheckpoint(checkpoint, signed(checkpoint, NoteSigner.generate(origin)), BEGIN + timedelta(minutes=size))


def events(*checkpoints: TakenCheckpoint) -> pl.DataFrame:
    return pl.concat([checkpoint.event().frame for checkpoint in checkpoints])
