"""One shard's incidents in memory: the real step `respond` takes batches of alerts, and what it remembers are the bytes that a state
would hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from agent.batch_steps import ResponseResult
from agent.columns.array_fields import STRINGS
from agent.columns.timestamp import TIME
from agent.model import OWN_EVENT_TYPE, Batch
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.grouping import Grouping
from agent.notice.incidents.incident import Decision, Incident
from agent.notice.incidents.responder import IncidentResponder
from agent.notice.incidents.rule_verdict import verdicts_of
from agent.notice.settings import NoticeSettings

SETTINGS = NoticeSettings.model_validate({"zone": "Europe/Berlin", "jurisdictions": ["eu"], "roles": ["controller"]})

BEGIN = datetime(2026, 6, 1, 9, tzinfo=UTC)
ORG = "00D000000000001AAA"

_NO_ROWS = Batch("", "agent", OWN_EVENT_TYPE, pl.DataFrame())
_SCHEMA = {
    "@timestamp": TIME,
    "event.start": TIME,
    "event.end": TIME,
    "leakline.measure.value": pl.Float64(),
    "leakline.alert.event_ids": STRINGS,
    "leakline.indicator.value": STRINGS,
    "related.user": STRINGS,
    "related.ip": STRINGS,
}

Row = dict[str, Any]


class Remembered:
    """Keys and values of one shard (`agent.notice.incidents.book.Stored`)."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}

    def __call__(self, key: str, /) -> bytes | None:
        return self.values.get(key)

    def keys(self, prefix: str, /) -> Iterator[str]:
        return iter(sorted(key for key in self.values if key.startswith(prefix)))

    def apply(self, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.values.pop(key, None)
            else:
                self.values[key] = value


@dataclass(frozen=True, slots=True)
class Detected:
    """Alerts as detection gives them (`DetectionResult`)."""

    alerts: pl.DataFrame
    remember: Mapping[str, bytes | None] = field(default_factory=dict)
    matched: Mapping[str, int] = field(default_factory=dict)

    def advance(self) -> None: ...

    def commit(self) -> None: ...

    def take_back(self) -> None: ...


class Answering:
    """`stored`: what another has left."""

    def __init__(self, settings: NoticeSettings | None = SETTINGS, stored: Remembered | None = None) -> None:
        self.stored = stored or Remembered()
        self._within = (settings or NoticeSettings()).group_within
        self.book = IncidentBook(self.stored)
        self._respond = IncidentResponder(self.book, settings)

    def respond(self, alerts: pl.DataFrame, now: datetime) -> ResponseResult:
        """What follows from a frame of alerts; nothing of it counts yet."""
        return self._respond(_NO_ROWS, Detected(alerts), now)

    def take(self, alerts: pl.DataFrame, now: datetime) -> ResponseResult:
        """It counts."""
        response = self.respond(alerts, now)
        self.stored.apply(response.remember)
        response.advance()
        response.commit()
        return response

    def take_rows(self, rows: Sequence[Row]) -> ResponseResult:
        """At the time at which the last of them was raised."""
        return self.take(frame(rows), max(row["@timestamp"] for row in rows))

    def incidents(self) -> list[Incident]:
        """All there ever were, by the time of their first event."""
        found = [incident for number in self.book.ids() if (incident := self.book.incident(number)) is not None]
        return sorted(found, key=lambda incident: (incident.first_event, incident.id))

    def only(self) -> Incident:
        """Of one."""
        (incident,) = self.incidents()
        return incident

    def end(self, incident: Incident, at: datetime, reason: str = "an innocent day") -> None:
        """A person says that it is not a breach."""
        decision = Decision("not-a-breach", at, "assessor", reason)
        self.put(incident, replace(incident, state="not-a-breach", decisions=(*incident.decisions, decision)))
        self.stored.apply(verdicts_of(incident, self.stored, at, "assessor", reason))

    def put(self, before: Incident, after: Incident) -> None:
        grouping = Grouping(self.book, self._within)
        grouping.put(before, replace(after, revision=before.revision + 1))
        self.stored.apply(grouping.change.remember())
        self.book.advance(grouping.change)
        self.book.settle()


def alert(
    number: int,
    *,
    minute: float = 0,
    user: str = "u1",
    rule: str = "report_export_large",
    level: str = "low",
    category: str = "exfiltration",
    rows: int | None = None,
    **cells: object,
) -> Row:
    """A row of a frame of alerts; `minute`: of its event, after `BEGIN`; `cells` have `__` for a point."""
    at = BEGIN + timedelta(minutes=minute)
    row: Row = {
        "event.id": f"{number:032x}",
        "event.action": "alert-raised",
        "@timestamp": at + timedelta(hours=4),
        "event.start": at,
        "event.end": at,
        "organization.id": ORG,
        "rule.id": rule,
        "rule.name": rule.replace("_", " "),
        "rule.category": category,
        "leakline.rule.level": level,
        "leakline.alert.count": 1,
        "user.id": f"005{user}",
        "user.name": f"{user}@example.com",
        **{name.replace("__", "."): value for name, value in cells.items()},
    }
    measured = {"leakline.measure.field": "leakline.rows", "leakline.measure.value": float(rows or 0)}
    return row | (measured if rows is not None else {})


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    """Rows as a shaped frame."""
    kept = list(rows)
    names = dict.fromkeys(name for row in kept for name in row)
    return pl.DataFrame([pl.Series(name, [row.get(name) for row in kept], dtype=_SCHEMA.get(name)) for name in names])
