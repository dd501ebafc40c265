"""What of a batch goes into its shard's trail: Leakline's own events, which tell of gaps, losses, starts and changes, and what its
alerts do to incidents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from agent.batch_steps import RecordStep, ResponseRecord, ResponseResult
from agent.changes.record import DATASET as SETTINGS
from agent.drills.mark import DATASET as DRILLS
from agent.model import OWN_EVENT_TYPE, Batch
from agent.notice.incidents.desk import Recorder
from agent.notice.incidents.incident_event import DATASET
from agent.source import Recall
from agent.store.state import State
from agent.store.transaction import Transaction
from agent.trail.chain import appended
from agent.trail.checkpointer import ACTION as CHECKPOINT
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail

LEFT_OUT = frozenset({CHECKPOINT})
"""Actions that are not recorded: a checkpoint is about the trail, and would make it grow by itself."""

RECORDED = frozenset({DATASET, SETTINGS, DRILLS})
"""Events of these data sets were recorded with the change that they are about."""

MOST_TEXT = 2_000
"""Characters of a message or a field; the event itself has the rest."""

_EVERYWHERE = frozenset(
    {"@timestamp", "event.id", "event.kind", "event.category", "event.type", "event.action", "event.dataset"}
)


def record_step(chain: str) -> RecordStep:
    """The step of the shard whose chain this is."""

    def record(batch: Batch, response: ResponseResult, now: datetime, recall: Recall, /) -> Mapping[str, bytes | None]:
        own = batch.event_type == OWN_EVENT_TYPE and batch.frame.height
        entries = [*(_entries(batch) if own else ()), *map(_entry, response.records)]
        return appended(recall, chain, entries, now) if entries else {}

    return record


def _entries(batch: Batch) -> Iterator[TrailEntry]:
    for row in batch.frame.iter_rows(named=True):
        if (action := row.get("event.action")) in LEFT_OUT or not action or row.get("event.dataset") in RECORDED:
            continue
        data = {name: _short(value) for name, value in row.items() if name not in _EVERYWHERE and value is not None}
        yield TrailEntry(str(action), object=str(row["event.id"]), data=data)


def recorder(state: State) -> Recorder:
    """Records of a shard's incidents that no batch brings."""
    trail = ShardTrail(state)

    def record(
        transaction: Transaction, records: Sequence[ResponseRecord], actor: Mapping[str, str], now: datetime
    ) -> None:
        trail.append(transaction, [replace(_entry(found), actor=actor) for found in records], now)

    return record


def _entry(record: ResponseRecord) -> TrailEntry:
    personal = record.personal or None
    return TrailEntry(record.type, object=record.object, data=record.data, personal=personal)


def _short(value: object) -> object:
    if isinstance(value, str):
        return value[:MOST_TEXT]
    return value if isinstance(value, int | float | bool) else str(value)[:MOST_TEXT]
