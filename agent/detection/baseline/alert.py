"""Alarms of baselines to alerts (`alert`), with what was compared with what.

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
from agent.detection.alert import alert
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


def baselined(told: Sequence[AlertChange], now: datetime) -> Iterator[pl.DataFrame]:
    """One frame of a row for each alert raised or revised. A revision has an `event.id` of its own."""
    for one in told:
        said = document(one)
        times = [pl.lit(said.pop(name)).cast(TIME).alias(name) for name in ("event.start", "event.end")]
        row = {name: value for name, value in said.items() if value is not None}
        plain = pl.DataFrame([row], schema_overrides={"leakline.alert.event_ids": pl.List(pl.String)})
        yield alert.finished(one.baseline.rule, plain.with_columns(times), one.action, now, _instead(one))


def document(told: AlertChange) -> dict[str, object]:
    """What an alert says of its group, its measure and what that was compared with, by dotted names; None: nothing."""
    baseline, alarm = told.baseline, told.alarm
    ids = [mark[DIGITS:] for mark in dict.fromkeys((alarm.first, alarm.last)) if mark[DIGITS:]]
    return {
        "event.id": alert.revision_id(alarm.id, alarm.revision),
        "event.start": _time(alarm.first),
        "event.end": _time(alarm.last),
        "organization.id": told.org or None,
        **user_of(alarm.users, alarm.group),
        "source.ip": only(alarm.addresses),
        "related.user": alarm.users or None,
        "related.ip": alarm.addresses or None,
        "leakline.alert.id": alarm.id,
        "leakline.alert.actor": only(alarm.users) or alarm.group,
        "leakline.alert.count": alarm.count,
        "leakline.alert.folded": 0,
        "leakline.alert.revision": alarm.revision,
        "leakline.alert.event_ids": ids,
        "leakline.baseline.rule": baseline.rule.name or baseline.rule.id,
        "leakline.baseline.type": baseline.kind,
        "leakline.baseline.group": alarm.group or None,
        "leakline.baseline.timespan": int(baseline.span.total_seconds()),
        **{f"leakline.baseline.{name}": float(value) for name, value in alarm.numbers.items()},
        **{f"leakline.baseline.{name}": text for name, text in alarm.texts.items() if text},
        "leakline.measure.field": (baseline.field if baseline.kind == "volume" else "") or MEASURED[baseline.kind],
        "leakline.measure.value": float(alarm.measured),
        "leakline.measure.threshold": float(alarm.threshold),
    }


def _instead(told: AlertChange) -> str:
    """What was usual, for the sentence of the alert."""
    numbers: Mapping[str, float] = told.alarm.numbers
    texts = told.alarm.texts
    match told.baseline.kind:
        case "volume":
            return f"where {numbers['expected']:,.10g} is usual"
        case "first_seen":
            return f"{told.baseline.field} {texts['value'][:100]}"
        case "travel":
            return f"{numbers['distance_km']:,.0f} km in {numbers['hours']:.1f} h"
        case _:
            return ""


def _time(mark: str) -> datetime:
    return datetime.fromtimestamp(int(mark[:DIGITS]) / 1000, tz=UTC)
