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
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from agent.detection import attack
from agent.detection.correlation_episode import values_of
from agent.detection.rule import SEVERITY, Rule
from agent.detection.tree import Match, Number, fields, leaves

if TYPE_CHECKING:
    from agent.detection.correlating import Told

DATASET = "leakline.alert"
ECS_VERSION = "9.4.0"
IDS = 100
"""Ids of contributing events that an alert names; `leakline.alert.count` is the true number."""

CARRIED = ("client.", "destination.", "file.", "http.", "network.", "organization.", "related.", "server.", "source.",
           "tls.", "url.", "user.", "user_agent.", "leakline.")  # fmt: skip
"""Columns of the matched event that an alert shows, by the beginning of their names."""

TIME = pl.Datetime("ms", "UTC")


def alert_id(rule: Rule, event_id: str) -> str:
    """32 hexadecimal digits: BLAKE2b-128 over the rule's id and that of the first event. The same match, the same id."""
    return hashlib.blake2b(f"{rule.id}\n{event_id}".encode(), digest_size=16).hexdigest()


def carried(rule: Rule, evidence: pl.DataFrame) -> list[str]:
    """What an analyst needs first: who, from where, with what, and the fields the rule looks at or names."""
    named = {f"salesforce.{name.lower()}" for name in (*fields(rule.condition), *rule.fields)} | set(rule.fields)
    return [name for name in evidence.columns if name.startswith(CARRIED) or name in named or name == "event.outcome"]


def frame(rule: Rule, evidence: pl.DataFrame, told: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """One alert a row.

    `evidence`: the first matched event of each alert, shaped. `told`: row for row beside it `id` (String),
    `start`, `end` (Datetime), `count`, `folded` (Int64), `event_ids` (List), `actor` (String).
    """
    kept = evidence.select(carried(rule, evidence))
    provider = evidence["event.provider"] if "event.provider" in evidence.columns else None
    alerts = pl.concat([kept, told.select(_TOLD)], how="horizontal").with_columns(
        **_constant(rule, now), **_measure(rule, evidence)
    )
    if provider is not None:
        alerts = alerts.with_columns(provider.alias("leakline.alert.provider"))
    return alerts.with_columns(message=pl.Series([_sentence(rule, row) for row in alerts.iter_rows(named=True)]))


def late_count(rule: Rule, rows: Sequence[dict[str, object]], now: datetime) -> pl.DataFrame:
    """Alerts that tell only how much was folded. `rows`: `id`, `start`, `end`, `folded`, `actor`, `about`."""
    about = pl.DataFrame([row["about"] for row in rows], infer_schema_length=None) if rows else pl.DataFrame()
    told = pl.DataFrame(
        [{**row, "count": 0, "event_ids": []} for row in rows], schema_overrides={"event_ids": pl.List(pl.String)}
    )
    alerts = pl.concat([about, told.select(_TOLD)], how="horizontal").with_columns(**_constant(rule, now))
    return alerts.with_columns(
        pl.lit("alert-folded").alias("event.action"),
        message=pl.Series([_sentence(rule, row) for row in alerts.iter_rows(named=True)]),
    )


def correlated(told: Sequence[Told], now: datetime) -> Iterator[pl.DataFrame]:
    """One frame of a row for each alert of a correlation, raised or revised.

    `leakline.alert.id` stays the same for all that is said of an alert; `event.id` is its own for each revision, so
    that a destination that refuses an id it knows takes the revision too. Beside the columns above it has
    `leakline.alert.revision` (Int64), `leakline.alert.merged_into` (String; a late row joined two alerts),
    `leakline.correlation.{rule,type,condition}` (String), `.timespan` (Int64, seconds), `.group` (String,
    `NAME=value`), `.count` (Int64), and `leakline.alert.{first,last}_event_id` (String), whose times are `event.start`
    and `event.end`. `leakline.measure.threshold` is absent where the condition is an expression over rules.
    """
    for one in told:
        rule, episode = one.correlation.rule, one.episode
        names = one.correlation.group_by
        values = values_of(episode.group, len(names))
        users, addresses = episode.about.get("user", []), episode.about.get("address", [])
        own = f"{episode.id}\n{episode.revision}".encode()
        row: dict[str, object] = {
            "event.id": hashlib.blake2b(own, digest_size=16).hexdigest() if episode.revision else episode.id,
            "leakline.alert.id": episode.id,
            "leakline.alert.count": episode.count,
            "leakline.alert.folded": 0,
            "leakline.alert.revision": episode.revision,
            "leakline.alert.event_ids": list(episode.ids),
            "leakline.alert.first_event_id": episode.ids[0],
            "leakline.alert.last_event_id": episode.last[1],
            "leakline.alert.actor": users[0] if len(users) == 1 else ", ".join(values),
            "leakline.correlation.rule": rule.name or rule.id,
            "leakline.correlation.type": one.correlation.kind,
            "leakline.correlation.timespan": int(one.correlation.span.total_seconds()),
            "leakline.correlation.group": ", ".join(f"{n}={v}" for n, v in zip(names, values, strict=True)),
            "leakline.correlation.count": episode.count,
            "leakline.measure.field": one.correlation.field or one.correlation.kind,
            "leakline.measure.value": episode.measured,
            "leakline.correlation.condition": one.correlation.condition,
            **({"leakline.measure.threshold": one.correlation.threshold} if one.correlation.bounds else {}),
            **({"leakline.alert.merged_into": one.merged_into} if one.merged_into else {}),
            **({"user.name": users[0]} if len(users) == 1 else {}),
            **({"source.ip": addresses[0]} if len(addresses) == 1 else {}),
            **({"related.user": users} if users else {}),
            **({"related.ip": addresses} if addresses else {}),
            **({"organization.id": one.org} if one.org else {}),
        }
        times = {"event.start": episode.start, "event.end": episode.end}
        alerts = pl.DataFrame([row], schema_overrides={"leakline.alert.event_ids": pl.List(pl.String)}).with_columns(
            **{name: pl.from_epoch(pl.lit(time), "ms").cast(TIME) for name, time in times.items()},
            **_constant(rule, now),
        )
        yield alerts.with_columns(
            pl.lit(one.action).alias("event.action"),
            pl.lit(_sentence(rule, alerts.row(0, named=True))).alias("message"),
        )


def finished(rule: Rule, row: pl.DataFrame, action: str, now: datetime, more: str = "") -> pl.DataFrame:
    """An alert of one row with what every alert of its rule says. `more`: a last word for its sentence."""
    whole = row.with_columns(**_constant(rule, now))
    sentence = ", ".join(filter(None, (_sentence(rule, whole.row(0, named=True)), more)))
    return whole.with_columns(pl.lit(action).alias("event.action"), pl.lit(sentence).alias("message"))


_TOLD = [
    pl.col("id").alias("event.id"),
    pl.col("start").cast(TIME).alias("event.start"),
    pl.col("end").cast(TIME).alias("event.end"),
    pl.col("count").cast(pl.Int64).alias("leakline.alert.count"),
    pl.col("folded").cast(pl.Int64).alias("leakline.alert.folded"),
    pl.col("event_ids").alias("leakline.alert.event_ids"),
    pl.col("actor").alias("leakline.alert.actor"),
]


def _constant(rule: Rule, now: datetime) -> dict[str, pl.Expr]:
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
        "event.ingested": raised,
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


def _sentence(rule: Rule, row: dict[str, object]) -> str:
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
