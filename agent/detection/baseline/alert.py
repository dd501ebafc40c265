"""Alerts of baselines to alerts (`alert`), with what was compared with what.

Beside the columns of every alert: `leakline.alert.revision` (Int64), `leakline.baseline.{rule,type,group}` (String),
`.timespan` (Int64, seconds) and, by type,

- volume: `.expected` (the median), `.deviation` (in robust standard deviations), `.highest`, `.ratio`, `.samples`
  (Float64), `.compared_with` (`own` history or `peers`), `.window` (when it began)
- first_seen: `.value`; the measure is the days for which the group was known
- travel: `.distance_km`, `.hours` (Float64), `.from`, `.to`; the measure is in km/h
- silence: `.expected` (hours; the longest pause before), `.silence` (`lasting`, `over`); the measure is in hours
- idle: the measure is in days
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

import polars as pl

from agent.columns.timestamp import TIME
from agent.detection.alert.alert import finished, revision_id
from agent.detection.alert.user import only, user_of
from agent.detection.baseline.open_alert import AlertChange
from agent.detection.baseline.rows import DIGITS

MEASURED = {
    "volume": "count",
    "first_seen": "days_known",
    "travel": "kilometres_per_hour",
    "silence": "hours_silent",
    "idle": "days_idle",
}
"""What is measured where it is no field of the rows."""


def frames(changes: Sequence[AlertChange], now: datetime) -> Iterator[pl.DataFrame]:
    """One frame of a row for each alert raised or revised. A revision has an `event.id` of its own."""
    for change in changes:
        fields = document(change)
        times = [pl.lit(fields.pop(name)).cast(TIME).alias(name) for name in ("event.start", "event.end")]
        row = {name: value for name, value in fields.items() if value is not None}
        plain = pl.DataFrame([row], schema_overrides={"leakline.alert.event_ids": pl.List(pl.String)})
        yield finished(change.baseline.rule, plain.with_columns(times), change.action, now, _comparison(change))


def document(change: AlertChange) -> dict[str, object]:
    """What an alert says of its group, its measure and what that was compared with, by dotted names; None: nothing."""
    baseline, alert = change.baseline, change.alert
    ids = [mark[DIGITS:] for mark in dict.fromkeys((alert.first, alert.last)) if mark[DIGITS:]]
    return {
        "event.id": revision_id(alert.id, alert.revision),
        "event.start": _time(alert.first),
        "event.end": _time(alert.last),
        "organization.id": change.org or None,
        **user_of(alert.users, alert.group),
        "source.ip": only(alert.addresses),
        "related.user": alert.users or None,
        "related.ip": alert.addresses or None,
        "leakline.alert.id": alert.id,
        "leakline.alert.actor": only(alert.users) or alert.group,
        "leakline.alert.count": alert.count,
        "leakline.alert.folded": 0,
        "leakline.alert.revision": alert.revision,
        "leakline.alert.event_ids": ids,
        "leakline.baseline.rule": baseline.rule.name or baseline.rule.id,
        "leakline.baseline.type": baseline.kind,
        "leakline.baseline.group": alert.group or None,
        "leakline.baseline.timespan": int(baseline.span.total_seconds()),
        **{f"leakline.baseline.{name}": float(value) for name, value in alert.numbers.items()},
        **{f"leakline.baseline.{name}": text for name, text in alert.texts.items() if text},
        "leakline.measure.field": (baseline.field if baseline.kind == "volume" else "") or MEASURED[baseline.kind],
        "leakline.measure.value": float(alert.measured),
        "leakline.measure.threshold": float(alert.threshold),
    }


def _comparison(change: AlertChange) -> str:
    """What was usual, for the sentence of the alert."""
    numbers: Mapping[str, float] = change.alert.numbers
    texts = change.alert.texts
    match change.baseline.kind:
        case "volume":
            return f"where {numbers['expected']:,.10g} is usual"
        case "first_seen":
            return f"{change.baseline.field} {texts['value'][:100]}"
        case "travel":
            return f"{numbers['distance_km']:,.0f} km in {numbers['hours']:.1f} h"
        case _:
            return ""


def _time(mark: str) -> datetime:
    return datetime.fromtimestamp(int(mark[:DIGITS]) / 1000, tz=UTC)
