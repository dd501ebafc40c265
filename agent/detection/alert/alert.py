"""Matched rows to alerts: a shaped frame (`agent.model`) with `event.kind: alert`.

Beside ECS columns an alert has

- `leakline.alert.count` (Int64): matches it stands for; `leakline.alert.folded` (Int64): matches folded into the
  actor's alert before it and not told until now; `leakline.alert.actor` (String): whom repeats are folded by
- `leakline.alert.event_ids` (List of String): `event.id` of the matches, the first `IDS` of them
- `leakline.alert.history` (Boolean, true): it is about what a backfill read; the column is not there in other alerts
- `leakline.alert.provider` (String): the event type of the matches
- `leakline.measure.field`, `.value` (Float64), `.threshold` (Float64): how much, where the rule compares a number
- `leakline.rule.{feed,triage,falsepositives,references}`
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from agent.columns.array_fields import STRINGS
from agent.columns.timestamp import TIME
from agent.detection.alert import attack
from agent.detection.alert.sentence import SAID, sentence
from agent.detection.condition.tree import Match, Number, fields, leaves
from agent.detection.sigma.rule import SEVERITY, Rule

DATASET = "leakline.alert"
ECS_VERSION = "9.4.0"
HISTORY = "leakline.alert.history"
IDS = 100
"""Ids of contributing events that an alert names; `leakline.alert.count` is the true number."""

CARRIED = ("client.", "destination.", "file.", "http.", "network.", "organization.", "related.", "server.", "source.",
           "tls.", "url.", "user.", "user_agent.", "leakline.")  # fmt: skip
"""Columns of the matched event that an alert shows, by the beginning of their names."""


Rows = Sequence[Mapping[str, Any]]


def alert_id(rule: Rule, event_id: str) -> str:
    """32 hexadecimal digits: BLAKE2b-128 over the rule's id and that of the first event. The same match, the same id."""
    return hashlib.blake2b(f"{rule.id}\n{event_id}".encode(), digest_size=16).hexdigest()


def revision_id(identity: str, revision: int) -> str:
    """Of what is said of an alert: the alert's own the first time, later one of its own, in the same form."""
    if not revision:
        return identity
    return hashlib.blake2b(f"{identity}\n{revision}".encode(), digest_size=16).hexdigest()


def carried(rule: Rule, evidence: pl.DataFrame) -> list[str]:
    """What an analyst needs first: who, from where, with what, and the fields the rule looks at or names."""
    named = {f"salesforce.{name.lower()}" for name in (*fields(rule.condition), *rule.fields)} | set(rule.fields)
    return [name for name in evidence.columns if name.startswith(CARRIED) or name in named or name == "event.outcome"]


def frame(rule: Rule, evidence: pl.DataFrame, rows: Rows, now: datetime) -> pl.DataFrame:
    """One alert a row.

    `evidence`: the first matched event of each alert, shaped. `rows`: of each alert `id`, `start`, `end` (datetime),
    `count`, `folded`, `event_ids`, `actor`.
    """
    columns = {
        **{name: evidence[name] for name in carried(rule, evidence)},
        **_summary(rows),
        **constant(rule, now, len(rows)),
        **_measure(rule, evidence),
    }
    if "event.provider" in evidence.columns:
        columns["leakline.alert.provider"] = evidence["event.provider"]
    return _with_sentences(rule, columns)


def late_count(rule: Rule, rows: Rows, now: datetime) -> pl.DataFrame:
    """Alerts that tell only how much was folded. `rows`: `id`, `start`, `end`, `folded`, `actor`, `about`."""
    about = pl.DataFrame([row["about"] for row in rows], infer_schema_length=None)
    columns = {
        **{column.name: column for column in about.iter_columns()},
        **_summary([{**row, "count": 0, "event_ids": []} for row in rows]),
        **constant(rule, now, len(rows)),
        "event.action": pl.Series(["alert-folded"]).new_from_index(0, len(rows)),
    }
    return _with_sentences(rule, columns)


def finished(rule: Rule, row: pl.DataFrame, action: str, now: datetime, message: str) -> pl.DataFrame:
    """An alert of one row with what every alert of its rule says."""
    columns = {
        **{column.name: column for column in row.iter_columns()},
        **constant(rule, now, 1),
        "event.action": pl.Series([action]),
        "message": pl.Series([message]),
    }
    return pl.DataFrame([column.alias(name) for name, column in columns.items()])


def _with_sentences(rule: Rule, columns: Mapping[str, pl.Series]) -> pl.DataFrame:
    """The columns, and `message`: what each row says in words."""
    names = [name for name in SAID if name in columns]
    rows = zip(*(columns[name].to_list() for name in names), strict=True)
    said = pl.Series([sentence(rule, dict(zip(names, row, strict=True))) for row in rows], dtype=pl.String)
    return pl.DataFrame([column.alias(name) for name, column in {**columns, "message": said}.items()])


def _summary(rows: Rows) -> dict[str, pl.Series]:
    """What each alert says of the matches it stands for; `rows` as in `frame`."""
    return {
        name: pl.Series([row[key] for row in rows], dtype=dtype, strict=False)
        for name, (key, dtype) in _SUMMARY.items()
    }


_SUMMARY: Mapping[str, tuple[str, pl.DataType]] = {
    "event.id": ("id", pl.String()),
    "event.start": ("start", TIME),
    "event.end": ("end", TIME),
    "leakline.alert.count": ("count", pl.Int64()),
    "leakline.alert.folded": ("folded", pl.Int64()),
    "leakline.alert.event_ids": ("event_ids", STRINGS),
    "leakline.alert.actor": ("actor", pl.String()),
}


def constant(rule: Rule, now: datetime, height: int) -> dict[str, pl.Series]:
    """Columns that are the same for all alerts of a rule, of so many rows."""
    texts = {
        "ecs.version": ECS_VERSION,
        "event.kind": "alert",
        "event.dataset": DATASET,
        "event.module": "leakline",
        "event.provider": "leakline",
        "event.action": "alert-raised",
        "observer.vendor": "Leakline",
        "observer.product": "Leakline",
        "observer.type": "siem-agent",
        "rule.id": rule.id,
        "rule.name": rule.title,
        "rule.description": rule.description,
        "rule.reference": rule.references[0] if rule.references else "",
        "rule.category": rule.family,
        "rule.ruleset": "leakline",
        "rule.version": rule.version,
        "rule.license": rule.licence,
        "leakline.rule.level": rule.level,
        "leakline.rule.feed": rule.feed,
        "leakline.rule.triage": rule.triage,
    }
    lists = {
        "event.category": ["intrusion_detection"],
        "event.type": ["info"],
        "rule.author": [rule.author] if rule.author else [],
        "leakline.rule.falsepositives": list(rule.falsepositives),
        "leakline.rule.references": list(rule.references),
    }
    raised = pl.Series([now], dtype=TIME)
    columns = {
        "@timestamp": raised,
        "event.created": raised,
        "event.severity": pl.Series([SEVERITY[rule.level]], dtype=pl.Int64),
        **{name: pl.Series([text]) for name, text in texts.items() if text},
        **{name: pl.Series([values], dtype=STRINGS) for name, values in lists.items() if values},
        **attack.threat(rule),
    }
    return {name: column.new_from_index(0, height) for name, column in columns.items()}


def _measure(rule: Rule, evidence: pl.DataFrame) -> dict[str, pl.Series]:
    """The number that the rule holds against a threshold."""
    for leaf in leaves(rule.condition):
        match leaf:
            case Match(str(name), Number("gt" | "gte", threshold)):
                column = next((c for c in (name, f"salesforce.{name.lower()}") if c in evidence.columns), None)
                if column is not None:
                    value = evidence[column].cast(pl.Float64, strict=False)
                    return {
                        "leakline.measure.field": pl.Series([name]).new_from_index(0, len(value)),
                        "leakline.measure.value": value,
                        "leakline.measure.threshold": pl.Series([float(threshold)]).new_from_index(0, len(value)),
                    }
    return {}
