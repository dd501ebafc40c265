"""Baselines as the rest of the room knows them: rows of some rules, held against what went before.

They say what Sigma cannot: more than this one ever did, never seen before, faster than a person travels, gone silent,
awake again. `reading/` reads them, `engine.py` evaluates them, `kinds.py` has what differs by kind.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from agent.detection.sigma.rule import Rule

Season = Literal["", "hour_of_day", "hour_of_week"]
Newcomers = Literal["wait", "peers"]

WEEK = timedelta(days=7)
SEASONS: Mapping[Season, timedelta] = {"hour_of_day": timedelta(days=1), "hour_of_week": WEEK}
"""After how long each season begins anew."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Rows of some rules, grouped by fields, held against their own past."""

    rule: Rule
    """What the alerts say: title, id, level, tags; its condition is never tried."""
    kind: str
    """The name of its `Kind`."""
    bases: tuple[str, ...]
    """Ids of the rules whose rows count."""
    group_by: tuple[tuple[str, Mapping[str, str]], ...]
    """Name, and base id to the field that holds it; a base that is not named there has a field of that name."""
    span: timedelta
    """volume: what is added up; travel: how far apart two places are compared; silence, idle: the least pause."""
    wait: timedelta
    """How late rows may come: what is older than the newest row less this is settled, and is what rows are compared with."""
    history: timedelta
    """How far back it remembers."""
    minimum: timedelta
    """How long something must have been known before anything is said of it."""
    bounds: Mapping[str, float] = dataclasses.field(default_factory=dict)
    """Those of its kind, with the rule's own."""
    field: str = ""
    """volume: whose values are summed, rows are counted without it; first_seen: whose values are new."""
    step: timedelta = timedelta()
    """volume: how far the sum moves on, a part of `span`."""
    once_per: timedelta = timedelta(days=1)
    """volume, travel: a group has one alert in so much event time, counted from 1970."""
    season: Season = ""
    newcomers: Newcomers = "wait"
    columns: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Base id to the column that holds `field` there, if it has another name."""
    generate: bool = False
    """Whether the bases alert by themselves too."""

    def shape(self, part: timedelta) -> list[object]:
        """What the memory depends on: what was kept for a baseline of another shape under the same id says nothing any
        more. `part`: into what parts of time its kind puts rows.
        """
        groups = [[name, dict(fields)] for name, fields in self.group_by]
        return [self.kind, self.bases, groups, self.field, dict(self.columns), milliseconds(part)]

    def measured(self, base: str) -> str:
        """The column that holds `field` in rows of a base."""
        return self.columns.get(base, self.field)

    def field_of(self, name: str, base: str) -> str:
        return next((fields.get(base, name) for key, fields in self.group_by if key == name), name)


def milliseconds(span: timedelta) -> int:
    return int(span / timedelta(milliseconds=1))
