"""Rows of a log file of whose happenings the stream has told: which rules see them all the same, and which do not.

A row is covered by a real-time event if it tells of the same kind of happening and its hour was streamed without a gap.
That the happening is the same one nobody can say, for the two have no common identity: what is left out is the row's say in
alerts, never the row.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from agent.detection.sigma.rule import Rule
from agent.detection.streamed_twins import StreamedTwins

RuleMatches = Sequence[tuple[Rule, pl.Series]]
"""Rules with the numbers of the rows of a prepared frame that they match (UInt32, ascending)."""


@dataclass(frozen=True, slots=True)
class CoveredRows:
    """Of one batch of a log file."""

    event_type: str
    by_event: Mapping[str, pl.Series]
    """Name of a real-time event (`ReportEvent`) to the rows it covers: `Boolean` without nulls, of the batch's height."""

    def of(self, events: Collection[str]) -> pl.Series | None:
        """The rows that any of these events covers; None if there is none."""
        found: pl.Series | None = None
        for event, rows in self.by_event.items():
            if event in events:
                found = rows if found is None else found | rows
        return found if found is not None and found.any() else None


@dataclass(frozen=True, slots=True)
class PreferredMatches:
    """What rules matched, without what the stream tells of."""

    feeding: RuleMatches
    """For correlations and baselines."""
    alerting: RuleMatches
    """For alerts of single events."""
    instead: Mapping[str, Mapping[str, pl.Series]] = field(default_factory=dict)
    """Id of a correlation or baseline to what its bases matched for it, of those bases where that is less than for others."""
    left_out: int = 0
    """Rows that some rule would have seen otherwise."""


def preferred(
    found: RuleMatches, covered: CoveredRows | None, twins: StreamedTwins, broken: Collection[str]
) -> PreferredMatches:
    """`broken`: ids of rules that raise errors, for which no other rule steps back. No `covered`: all as it was found."""
    if covered is None:
        return PreferredMatches(found, found)
    dropped: list[pl.Series] = []

    def left(rows: pl.Series, events: Collection[str]) -> pl.Series:
        """Of `rows` those that no such event covers."""
        mask = covered.of(events) if events else None
        if mask is None:
            return rows
        hidden = mask.gather(rows)
        if hidden.any():
            dropped.append(rows.filter(hidden))
            return rows.filter(~hidden)
        return rows

    feeding = [(rule, left(rows, twins.shared.get(rule.id, ()))) for rule, rows in found]
    feeding = [(rule, rows) for rule, rows in feeding if len(rows)]
    alerting = [(rule, left(rows, twins.events_of(rule.id, broken))) for rule, rows in feeding]
    instead: dict[str, dict[str, pl.Series]] = {}
    for derived, bases in twins.derived.items():
        events = twins.events_of(derived, broken)
        for rule, rows in feeding if events else ():
            if rule.id in bases and len(less := left(rows, events)) < len(rows):
                instead.setdefault(derived, {})[rule.id] = less
    left_out = pl.concat(dropped).n_unique() if dropped else 0
    return PreferredMatches(feeding, [(rule, rows) for rule, rows in alerting if len(rows)], instead, left_out)
