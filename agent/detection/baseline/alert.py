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

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import polars as pl

from agent.columns.timestamp import TIME
from agent.detection.alert.alert import finished, revision_id
from agent.detection.alert.sentence import happened
from agent.detection.alert.user import only, user_of
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.kinds import kind_of
from agent.detection.baseline.open_alert import AlertChange
from agent.detection.baseline.rows import DIGITS


def frames(
    changes: Sequence[AlertChange], now: datetime, wording: Callable[[AlertChange], str]
) -> Iterator[pl.DataFrame]:
    """One frame of a row for each alert raised or revised. A revision has an `event.id` of its own. `wording`: what was
    unusual, in words.
    """
    for change in changes:
        fields = document(change)
        baseline = change.baseline
        message = happened(baseline.rule, fields, wording(change), _pairs(baseline, change.alert.group))
        times = [pl.lit(fields.pop(name)).cast(TIME).alias(name) for name in ("event.start", "event.end")]
        row = {name: value for name, value in fields.items() if value is not None}
        plain = pl.DataFrame([row], schema_overrides={"leakline.alert.event_ids": pl.List(pl.String)})
        yield finished(baseline.rule, plain.with_columns(times), change.action, now, message)


def _pairs(baseline: Baseline, group: str) -> list[tuple[str, str]]:
    """The fields of `NAME=value, …` with their values."""
    found: list[tuple[str, str]] = []
    for name, _ in reversed(baseline.group_by):
        group, named, value = group.rpartition(f"{name}=")
        found += [(name, value)] if named else []
        group = group.removesuffix(", ")
    return found[::-1]


def document(change: AlertChange) -> dict[str, object]:
    """What an alert says of its group, its measure and what that was compared with, by dotted names; None: nothing."""
    baseline, alert = change.baseline, change.alert
    kind = kind_of(baseline)
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
        "leakline.measure.field": (baseline.field if kind.field == "summed" else "") or kind.measure,
        "leakline.measure.value": float(alert.measured),
        "leakline.measure.threshold": float(alert.threshold),
    }


def _time(mark: str) -> datetime:
    return datetime.fromtimestamp(int(mark[:DIGITS]) / 1000, tz=UTC)
