"""Alerts of a correlation that may still grow, and how contributing rows become part of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from agent.detection.alert.alert import IDS
from agent.detection.correlation.definition.correlation import Correlation

NAMES = 20
"""Users and addresses that an alert names."""

Row = tuple[int, str]
"""Time and id of a contributing event."""


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert and what was announced of it; times in milliseconds of event time.

    Everything in it is a count, a least, a greatest or the first so many of a set: the order in which rows come does
    not show in it.
    """

    id: str
    group: str
    """Values of the fields that are grouped by, as `grouped` writes them."""
    start: int
    end: int
    count: int
    """Contributing rows, those included that are no longer kept."""
    announced: int = 0
    """The count when it was last announced."""
    revision: int = 0
    changed: int = 0
    """Clock time, in milliseconds, of the first change that was not announced; 0 if all was."""
    measured: float | None = None
    rows: tuple[Row, ...] = ()
    """The first of them."""
    last: Row = (0, "")
    """The last one."""
    about: Mapping[str, list[str]] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(identity for _, identity in self.rows)

    def encoded(self) -> list[Any]:
        """For JSON; `decoded` reads it."""
        return [self.id, self.group, self.start, self.end, self.count, self.announced, self.revision, self.changed,
                self.measured, self.rows, self.last, self.about]  # fmt: skip


def decoded(values: Sequence[Any]) -> OpenAlert:
    *plain, rows, last, about = values
    blank = OpenAlert(*plain)
    return replace(blank, rows=tuple((time, identity) for time, identity in rows), last=(last[0], last[1]), about=about)


def values_of(group: str, count: int) -> list[str]:
    """The values of a group's `count` fields."""
    if count < 2:
        return [group] if count else []
    return list(orjson.loads(group).values())


def begun(correlation: Correlation, org: str, cluster: Mapping[str, Any]) -> OpenAlert:
    """A new alert. Its id follows from the rule, the group and the first row."""
    seed = "\n".join((correlation.rule.id, org, cluster["group"], cluster["ids"][0]))
    identity = hashlib.blake2b(seed.encode(), digest_size=16).hexdigest()
    return joined([OpenAlert(identity, cluster["group"], cluster["start"], cluster["end"], 0)], cluster, least=False)


def joined(near: Sequence[OpenAlert], cluster: Mapping[str, Any], *, least: bool) -> OpenAlert:
    """The first of `near` with the others and the cluster in it. `least`: whether the lowest value is told."""
    new = list(zip(cluster["times"], cluster["ids"], strict=True))
    rows: Sequence[Row] = near[0].rows
    # An alert that names as many rows as it may keeps them when all others are later.
    if len(near) > 1 or len(rows) < IDS or new[0] < rows[-1]:
        rows = sorted({*new, *(row for alert in near for row in alert.rows)})
    measures = [
        measure for measure in (cluster["measured"], *(alert.measured for alert in near)) if measure is not None
    ]
    return replace(
        near[0],
        start=min(cluster["start"], *(alert.start for alert in near)),
        end=max(cluster["end"], *(alert.end for alert in near)),
        count=cluster["count"] + sum(alert.count for alert in near),
        measured=(min(measures) if least else max(measures)) if measures else None,
        rows=tuple(rows[:IDS]),
        last=max((cluster["end"], cluster["last"]), *(alert.last for alert in near)),
        about={
            name: sorted({*cluster[name], *(value for alert in near for value in alert.about.get(name, ()))})[:NAMES]
            for name in ("user", "address")
        },
    )
