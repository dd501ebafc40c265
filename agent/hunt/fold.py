"""Matches in files at rest, folded as the service folds them: of a rule and an actor one alert for each span.

Matches are gathered from all files and folded in the order of their times once all are read, so that the order of files
makes no difference. An alert then has the whole count that the service says in parts, as rows come in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from agent.detection.alert.actor import actors, fold_by
from agent.detection.alert.alert import IDS, alert_id
from agent.detection.alert.fold import AlertFold
from agent.detection.sigma.rule import Rule
from agent.hunt.alert import SHOWN, TIMES
from agent.hunt.raw import EventChunk
from agent.hunt.rows import FILE, LINE, located_rows

LocatedAlert = tuple[Rule, dict[str, Any], str, int]
"""Its rule, what it says by dotted names, and the file and line of its first event."""


class FoldedMatches:
    """Matched rows of rules about single events, by rule: `located_rows` and `actor` (String)."""

    def __init__(self, span: timedelta) -> None:
        """`span`: from an alert's first event on, repeats within it are counted in it."""
        self._span = span
        self._rows: dict[str, tuple[Rule, list[pl.DataFrame]]] = {}
        self.matches = 0

    def add(self, rule: Rule, rows: pl.Series, events: EventChunk, file: str) -> None:
        """`rows`: numbers of the events (UInt32) that the rule matches."""
        matched = events.frame[rows]
        where = located_rows(matched, SHOWN, TIMES[:1], events.lines.gather(rows), file)
        self._rows.setdefault(rule.id, (rule, []))[1].append(where.with_columns(actors(matched, fold_by(rule.custom))))
        self.matches += len(rows)

    def alerts(self) -> Iterator[LocatedAlert]:
        """By the time of their first events; those without a time come last."""
        found = [alert for rule, parts in self._rows.values() for alert in self._of_rule(rule, pl.concat(parts))]
        yield from sorted(found, key=_order)

    def _of_rule(self, rule: Rule, rows: pl.DataFrame) -> Iterator[LocatedAlert]:
        """`rows`: all of a rule. An alert for each org, actor and span; times are in order within an actor only."""
        by_time = rows.sort("@timestamp", nulls_last=True, maintain_order=True)
        for _, of_actor in by_time.group_by("organization.id", "actor", maintain_order=True):
            timed = of_actor.filter(pl.col("@timestamp").is_not_null())
            # Each actor's times are in order and begin anew, so that nothing is folded into a window of before.
            for raised in AlertFold(self._span).take("", timed["@timestamp"].to_list()):
                yield _alert(rule, timed[raised.first : raised.end])
            if timed.height < of_actor.height:
                yield _alert(rule, of_actor[timed.height :])


def _alert(rule: Rule, window: pl.DataFrame) -> LocatedAlert:
    """`window`: the rows of one alert, the first event first."""
    first = window.row(0, named=True)
    fields = {
        **{name: first[name] for name in SHOWN},
        "event.id": alert_id(rule, first["event.id"]),
        "@timestamp": first["@timestamp"],
        "event.start": first["@timestamp"],
        "event.end": window["@timestamp"][-1],
        "leakline.alert.count": window.height,
        "leakline.alert.folded": 0,
        "leakline.alert.event_ids": window["event.id"].head(IDS).to_list(),
        "leakline.alert.actor": first["actor"] or None,
    }
    return rule, fields, first[FILE], first[LINE]


def _order(alert: LocatedAlert) -> tuple[bool, datetime | None, str, int]:
    _, fields, file, line = alert
    when: datetime | None = fields["@timestamp"]
    return when is None, when, file, line
