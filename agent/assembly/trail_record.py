"""What of a batch goes into its shard's trail: Leakline's own events, which tell of gaps, losses, starts and changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from agent.batch_steps import DetectionResult, RecordStep
from agent.model import OWN_EVENT_TYPE, Batch
from agent.source import Recall
from agent.trail.chain import appended
from agent.trail.checkpointer import ACTION as CHECKPOINT
from agent.trail.record import TrailEntry

LEFT_OUT = frozenset({CHECKPOINT})
"""Actions that are not recorded: a checkpoint is about the trail, and would make it grow by itself."""

MOST_TEXT = 2_000
"""Characters of a message or a field; the event itself has the rest."""

_EVERYWHERE = frozenset(
    {"@timestamp", "event.id", "event.kind", "event.category", "event.type", "event.action", "event.dataset"}
)


def record_step(chain: str) -> RecordStep:
    """The step of the shard whose chain this is."""

    def record(
        batch: Batch,
        _detection: DetectionResult,
        _response: Mapping[str, bytes | None],
        now: datetime,
        recall: Recall,
        /,
    ) -> Mapping[str, bytes | None]:
        if batch.event_type != OWN_EVENT_TYPE or not batch.frame.height:
            return {}
        return appended(recall, chain, list(_entries(batch)), now)

    return record


def _entries(batch: Batch) -> Iterator[TrailEntry]:
    for row in batch.frame.iter_rows(named=True):
        if (action := row.get("event.action")) in LEFT_OUT or not action:
            continue
        data = {name: _short(value) for name, value in row.items() if name not in _EVERYWHERE and value is not None}
        yield TrailEntry(str(action), object=str(row["event.id"]), data=data)


def _short(value: object) -> object:
    if isinstance(value, str):
        return value[:MOST_TEXT]
    return value if isinstance(value, int | float | bool) else str(value)[:MOST_TEXT]
