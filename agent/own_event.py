"""Leakline's own events: a source that fails, a gap in the logs, a marked test event.

They are rows like any other (`logsource: {product: leakline, service: agent}` for rules) and go out in the alerts
lane. Columns: `@timestamp`, `event.id`, `event.kind`, `event.category`, `event.type`, `event.action`,
`event.outcome`, `message`, and whatever dotted fields the caller adds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import polars as pl

from agent.columns.timestamp import TIME
from agent.model import OWN_EVENT_TYPE, Batch, Cursor, History
from agent.redaction.redaction import redact, redact_fields

DATASET = "leakline.agent"
INCIDENTS = "leakline.incident"
"""The data set of what is said of incidents and their clocks."""

EventValue = str | int | float | bool | datetime
"""What a field of an own event may hold; a time has a zone."""


def own_event(
    org: str,
    action: str,
    message: str,
    now: datetime,
    *,
    failure: bool = False,
    fields: Mapping[str, EventValue] | None = None,
    category: str = "process",
) -> Batch:
    """A batch of one own event. `action`: a kebab-case verb phrase; `failure` makes it a `pipeline_error`; fields may have an
    `event.dataset` of their own.

    The id is a hash of org, action, time and message: raising the same event again gives the same id. Secrets in
    message and fields are redacted.
    """
    message = redact(message)
    row: dict[str, object] = {
        "@timestamp": now,
        "event.id": _id(org, action, now.isoformat(), message),
        "event.kind": "pipeline_error" if failure else "event",
        "event.category": [category],
        "event.type": ["error" if failure else "info"],
        "event.action": action,
        "event.outcome": "failure" if failure else "success",
        "event.dataset": DATASET,
        "message": message,
        **redact_fields(fields or {}),
    }
    times = {name: TIME for name, value in row.items() if isinstance(value, datetime)}
    frame = pl.DataFrame([row], schema_overrides=times)
    return Batch(org, "agent", OWN_EVENT_TYPE, frame)


def is_said_of_incidents(batch: Batch) -> bool:
    """Whether it is an event about an incident that no person caused."""
    if batch.event_type != OWN_EVENT_TYPE or not batch.frame.height or "user.name" in batch.frame.columns:
        return False
    return bool((batch.frame["event.dataset"] == INCIDENTS).all())


def rowless(
    org: str,
    cursor: Cursor | None = None,
    remember: Mapping[str, bytes | None] = MappingProxyType({}),
    history: History | None = None,
) -> Batch:
    """A batch without rows: what commits with it is where reading goes on and what is to be remembered."""
    return Batch(org, "agent", OWN_EVENT_TYPE, pl.DataFrame(), cursor, remember, history=history)


def _id(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()
