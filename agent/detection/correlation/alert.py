"""What correlations tell, as alerts: a shaped frame like that of `alert`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl

from agent.columns.array_fields import STRINGS, lists_of_rows
from agent.columns.timestamp import TIME
from agent.detection.alert.alert import constant, revision_id
from agent.detection.alert.sentence import happened
from agent.detection.alert.user import only, user_of
from agent.detection.correlation.batch_changes import AlertChange
from agent.detection.correlation.open_alert import values_of


def frames(
    changes: Sequence[AlertChange], now: datetime, wording: Callable[[AlertChange], str]
) -> Iterator[pl.DataFrame]:
    """A row for each alert, raised or revised; a frame for each rule. `wording`: what its events come to, in words.

    Alerts of a rule stand in the order of their first rows, however their groups came.

    `leakline.alert.id` stays the same for all that is said of an alert; `event.id` is its own for each revision, so
    that a destination that refuses an id it knows takes the revision too. Beside the columns of `alert` it has
    `leakline.alert.revision` (Int64), `leakline.alert.merged_into` (String; a late row joined two alerts),
    `leakline.correlation.{rule,type,condition}` (String), `.timespan` (Int64, seconds), `.group` (String,
    `NAME=value`), `.group_by` and `.group_values` (List of String: the same for programs, place by place; absent
    without `group-by`), `.count` (Int64), and `leakline.alert.{first,last}_event_id` (String), whose times are `event.start`
    and `event.end`. `leakline.measure.threshold` is absent where the condition is an expression over rules.
    """
    by_rule: dict[str, list[AlertChange]] = {}
    for change in changes:
        by_rule.setdefault(change.correlation.rule.id, []).append(change)
    for of_rule in by_rule.values():
        rule = of_rule[0].correlation.rule
        of_rule.sort(key=lambda change: (change.alert.start, change.alert.id, change.alert.revision))
        documents = [document(change) for change in of_rule]
        cells = {name: [row[name] for row in documents] for name in documents[0]}
        columns = [
            _column(name, values) for name, values in cells.items() if any(value is not None for value in values)
        ]
        same = {name: text for name, text in constant(rule, now, len(documents)).items() if name != "event.action"}
        messages = [
            happened(rule, row, wording(change), _pairs(row)) for change, row in zip(of_rule, documents, strict=True)
        ]
        yield pl.DataFrame(columns).with_columns(**same, message=pl.Series(messages))


def _pairs(row: dict[str, Any]) -> list[tuple[str, str]]:
    names, values = (row[f"leakline.correlation.{name}"] or () for name in ("group_by", "group_values"))
    return list(zip(names, values, strict=True))


SCHEMA = {
    "event.start": TIME,
    "event.end": TIME,
    "leakline.alert.event_ids": STRINGS,
    "leakline.correlation.group_by": STRINGS,
    "leakline.correlation.group_values": STRINGS,
    "related.user": STRINGS,
    "related.ip": STRINGS,
    "leakline.measure.value": pl.Float64(),
    "leakline.measure.threshold": pl.Float64(),
}


def document(change: AlertChange) -> dict[str, Any]:
    """What an alert says of its group, its window and its measure, by dotted names; None: nothing."""
    rule, alert = change.correlation.rule, change.alert
    names = change.correlation.group_by
    values = values_of(alert.group, len(names))
    group = ", ".join(f"{n}={v}" for n, v in zip(names, values, strict=True))
    users, addresses = alert.about.get("user", []), alert.about.get("address", [])
    return {
        "event.id": revision_id(alert.id, alert.revision),
        "event.action": change.action,
        "event.start": _time(alert.start),
        "event.end": _time(alert.end),
        "leakline.alert.id": alert.id,
        "leakline.alert.count": alert.count,
        "leakline.alert.folded": 0,
        "leakline.alert.revision": alert.revision,
        "leakline.alert.event_ids": list(alert.ids),
        "leakline.alert.first_event_id": alert.ids[0],
        "leakline.alert.last_event_id": alert.last[1],
        "leakline.alert.merged_into": change.merged_into or None,
        "leakline.alert.actor": only(users) or ", ".join(values),
        "leakline.correlation.rule": rule.name or rule.id,
        "leakline.correlation.type": change.correlation.kind,
        "leakline.correlation.condition": change.correlation.condition,
        "leakline.correlation.timespan": int(change.correlation.span.total_seconds()),
        "leakline.correlation.group": group,
        "leakline.correlation.group_by": list(names) or None,
        "leakline.correlation.group_values": values or None,
        "leakline.correlation.count": alert.count,
        "leakline.measure.field": change.correlation.field or change.correlation.kind,
        "leakline.measure.value": alert.measured,
        "leakline.measure.threshold": change.correlation.threshold,
        **user_of(users, group),
        "source.ip": only(addresses),
        "related.user": users or None,
        "related.ip": addresses or None,
        "organization.id": change.org or None,
    }


def _column(name: str, values: Sequence[Any]) -> pl.Series:
    """Of one value or more that are not None."""
    dtype = SCHEMA.get(name)
    if dtype == STRINGS:
        return lists_of_rows([texts or () for texts in values]).alias(name)
    return pl.Series(name, values, dtype=dtype)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
