"""Matched rows to alerts: a shaped frame (`agent.model`) with `event.kind: alert`.

Beside ECS columns an alert has

- `leakline.alert.count` (Int64): matches it stands for; `leakline.alert.folded` (Int64): matches folded into the
  actor's alert before it and not told until now; `leakline.alert.actor` (String): whom repeats are folded by
- `leakline.alert.event_ids` (List of String): `event.id` of the matches, the first `IDS` of them
- `leakline.alert.provider` (String): the event type of the matches
- `leakline.measure.field`, `.value` (Float64), `.threshold` (Float64): how much, where the rule compares a number
- `leakline.rule.{feed,triage,falsepositives,references}`
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

import polars as pl

from agent.columns.timestamp import TIME
from agent.detection.alert import attack
from agent.detection.condition.tree import Match, Number, fields, leaves
from agent.detection.sigma.rule import SEVERITY, Rule

DATASET = "leakline.alert"
ECS_VERSION = "9.4.0"
IDS = 100
"""Ids of contributing events that an alert names; `leakline.alert.count` is the true number."""

CARRIED = ("client.", "destination.", "file.", "http.", "network.", "organization.", "related.", "server.", "source.",
           "tls.", "url.", "user.", "user_agent.", "leakline.")  # fmt: skip
"""Columns of the matched event that an alert shows, by the beginning of their names."""


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


def frame(rule: Rule, evidence: pl.DataFrame, summary: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """One alert a row.

    `evidence`: the first matched event of each alert, shaped. `summary`: row for row beside it `id` (String),
    `start`, `end` (Datetime), `count`, `folded` (Int64), `event_ids` (List), `actor` (String).
    """
    kept = evidence.select(carried(rule, evidence))
    provider = evidence["event.provider"] if "event.provider" in evidence.columns else None
    alerts = pl.concat([kept, summary.select(_SUMMARY)], how="horizontal").with_columns(
        **constant(rule, now), **_measure(rule, evidence)
    )
    if provider is not None:
        alerts = alerts.with_columns(provider.alias("leakline.alert.provider"))
    return alerts.with_columns(message=pl.Series([sentence(rule, row) for row in alerts.iter_rows(named=True)]))


def late_count(rule: Rule, rows: Sequence[dict[str, object]], now: datetime) -> pl.DataFrame:
    """Alerts that tell only how much was folded. `rows`: `id`, `start`, `end`, `folded`, `actor`, `about`."""
    about = pl.DataFrame([row["about"] for row in rows], infer_schema_length=None) if rows else pl.DataFrame()
    summary = pl.DataFrame(
        [{**row, "count": 0, "event_ids": []} for row in rows], schema_overrides={"event_ids": pl.List(pl.String)}
    )
    alerts = pl.concat([about, summary.select(_SUMMARY)], how="horizontal").with_columns(**constant(rule, now))
    return alerts.with_columns(
        pl.lit("alert-folded").alias("event.action"),
        message=pl.Series([sentence(rule, row) for row in alerts.iter_rows(named=True)]),
    )


def finished(rule: Rule, row: pl.DataFrame, action: str, now: datetime, ending: str = "") -> pl.DataFrame:
    """An alert of one row with what every alert of its rule says. `ending`: a last word for its sentence."""
    whole = row.with_columns(**constant(rule, now))
    message = ", ".join(filter(None, (sentence(rule, whole.row(0, named=True)), ending)))
    return whole.with_columns(pl.lit(action).alias("event.action"), pl.lit(message).alias("message"))


_SUMMARY = [
    pl.col("id").alias("event.id"),
    pl.col("start").cast(TIME).alias("event.start"),
    pl.col("end").cast(TIME).alias("event.end"),
    pl.col("count").cast(pl.Int64).alias("leakline.alert.count"),
    pl.col("folded").cast(pl.Int64).alias("leakline.alert.folded"),
    pl.col("event_ids").alias("leakline.alert.event_ids"),
    pl.col("actor").alias("leakline.alert.actor"),
]


def constant(rule: Rule, now: datetime) -> dict[str, pl.Expr]:
    """Columns that are the same for all alerts of a rule."""
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
    raised = pl.lit(now).cast(TIME)
    return {
        "@timestamp": raised,
        "event.created": raised,
        "event.severity": pl.lit(SEVERITY[rule.level], dtype=pl.Int64),
        **{name: pl.lit(text) for name, text in texts.items() if text},
        **{name: pl.lit(values, dtype=pl.List(pl.String)) for name, values in lists.items() if values},
        **attack.threat(rule),
    }


def _measure(rule: Rule, evidence: pl.DataFrame) -> dict[str, pl.Expr | pl.Series]:
    """The number that the rule holds against a threshold."""
    for leaf in leaves(rule.condition):
        match leaf:
            case Match(str(name), Number("gt" | "gte", threshold)):
                column = next((c for c in (name, f"salesforce.{name.lower()}") if c in evidence.columns), None)
                if column is not None:
                    return {
                        "leakline.measure.field": pl.lit(name),
                        "leakline.measure.value": evidence[column].cast(pl.Float64, strict=False),
                        "leakline.measure.threshold": pl.lit(float(threshold)),
                    }
    return {}


def sentence(rule: Rule, row: dict[str, object]) -> str:
    """Who did it, from where, with what and how much, in plain words."""
    who = _first(row, "user.full_name", "user.name", "user.email", "user.id", "leakline.alert.actor")
    place = ", ".join(
        filter(None, (_first(row, "source.geo.country_iso_code"), _first(row, "source.as.organization.name")))
    )
    where = _first(row, "source.ip", "source.address")
    tool = _first(row, "user_agent.name", "user_agent.original")
    much = row.get("leakline.measure.value")
    count, folded = row["leakline.alert.count"], row["leakline.alert.folded"]
    parts = [
        f"by {who}" if who and who != where else "",
        f"from {where}" + (f" ({place})" if place else "") if where else "",
        f"with {tool[:60]}" if tool else "",
        f"{row['leakline.measure.field']} {much:,.10g}" if isinstance(much, float) else "",
        f"{count} events" if isinstance(count, int) and count > 1 else "",
        f"{folded} more since the alert before" if folded and count else "",
        f"{folded} more events since the alert" if folded and not count else "",
    ]
    return f"{rule.title}: " + ", ".join(part for part in parts if part) if any(parts) else rule.title


def _first(row: dict[str, object], *names: str) -> str:
    return next((str(row[name]) for name in names if row.get(name) is not None), "")
