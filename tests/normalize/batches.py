"""Batches made by hand, and what the shipped mappings make of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from agent.model import Batch
from agent.normalize.shape import Normalizer
from tests.golden.documents import (
    FOLDER,
    ORG,
    SEEN,
    SERVICE,
    objects,
    real_time_events,
    shipped_normalizer,
)

EVENT_TYPES = sorted(path.stem for path in Path(FOLDER).glob("*.csv"))
REAL_TIME_EVENTS = real_time_events()
OBJECTS = objects()

NORMALIZER = shipped_normalizer()


def batch_of(event_type: str, **columns: Sequence[str | None]) -> Batch:
    """A batch of one row for each cell, with ids that count from zero."""
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    ids = pl.Series("event.id", [f"{row:032x}" for row in range(frame.height)])
    return Batch(ORG, SERVICE, event_type, frame.with_columns(ids))


def shaped(batch: Batch, normalizer: Normalizer = NORMALIZER) -> pl.DataFrame:
    """The shaped frame of a batch, without enrichment."""
    return normalizer.shape(normalizer.prepare(batch), batch, SEEN)


def cells_of(frame: pl.DataFrame) -> list[dict[str, str]]:
    """Row by row what is not null, whatever order the columns are in."""
    return [{name: cell for name, cell in row.items() if cell is not None} for row in frame.to_dicts()]


def flat(doc: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """A nested document under dotted names."""
    fields: dict[str, Any] = {}
    for name, value in doc.items():
        fields |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return fields
