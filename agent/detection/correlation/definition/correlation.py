"""Correlations as the rest of the room knows them: values, and what follows from them. `document` reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule

Kind = Literal[
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
    "temporal",
    "temporal_ordered",
]
Operator = Literal["lt", "lte", "gt", "gte", "eq", "neq"]

NUMERIC: tuple[Kind, ...] = ("value_sum", "value_avg", "value_percentile", "value_median")
"""Of these a row takes part whose field is a number of at least zero."""


@dataclass(frozen=True, slots=True)
class ConditionBound:
    """What the measured value is held against."""

    operator: Operator
    number: float

    def __str__(self) -> str:
        return f"{self.operator} {self.number:.15g}"


@dataclass(frozen=True, slots=True)
class ConditionTerm:
    """One of the ways in which a condition over rule names can hold: all of `wanted` is there, and nothing of `absent`.

    Base ids, in the order of `Correlation.bases`. `a and (b or not c)` has the terms (a, b) and (a, not c).
    """

    wanted: tuple[str, ...]
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correlation:
    """Rows of some rules, grouped by fields, held against a condition within a span of event time."""

    rule: Rule
    """What the alerts say: title, id, level, tags; its condition is never tried."""
    kind: Kind
    bases: tuple[str, ...]
    """Ids of the rules and correlations whose rows count; for `temporal_ordered` in their order."""
    group_by: tuple[str, ...]
    span: timedelta
    bounds: tuple[ConditionBound, ...] = ()
    """All of them must hold; none if there are `terms`."""
    terms: tuple[ConditionTerm, ...] = ()
    """One of them must hold."""
    expression: str = ""
    """The condition over rule names, as it is written."""
    fields: tuple[str, ...] = ()
    """Whose values are counted, summed, …"""
    percentile: float = 50.0
    aliases: Mapping[str, Mapping[str, str]] = ()  # type: ignore[assignment]
    """Name, to base id, to the field that holds it there."""
    generate: bool = False
    """Whether the bases alert by themselves too."""
    quiet: timedelta = timedelta()
    """Contributing rows that are further apart belong to different alerts."""

    def field_of(self, name: str, base: str) -> str:
        """A base that has no alias for the name has a field of that name."""
        return dict(self.aliases).get(name, {}).get(base, name)

    @property
    def field(self) -> str:
        """As alerts show it."""
        return ", ".join(self.fields)

    @property
    def steps(self) -> tuple[str, ...]:
        """The bases, each once: a row's `step` is a place in here."""
        return tuple(dict.fromkeys(self.bases))

    @property
    def condition(self) -> str:
        """As alerts show it."""
        return self.expression or ", ".join(str(bound) for bound in self.bounds)

    @property
    def threshold(self) -> float | None:
        """The first number of the condition."""
        return self.bounds[0].number if self.bounds else None

    @property
    def waits(self) -> bool:
        """Whether more rows could make the condition fail, so that only a window that is complete can be judged."""
        falling = any(bound.operator not in ("gt", "gte") for bound in self.bounds)
        return falling or self.kind in NUMERIC[1:] or any(term.absent for term in self.terms)

    @property
    def shape(self) -> list[object]:
        """What kept rows depend on: those of a rule of another shape under the same id say nothing any more."""
        aliases = {name: dict(fields) for name, fields in dict(self.aliases).items()}
        return [self.kind, self.steps, self.group_by, self.fields, aliases]

    @property
    def milliseconds(self) -> int:
        """Of the timespan."""
        return int(self.span.total_seconds() * 1000)


def bases_first(correlations: Sequence[Correlation]) -> tuple[Correlation, ...]:
    """Each after those that it is made of."""
    left = {correlation.rule.id: correlation for correlation in correlations}
    found: dict[str, Correlation] = {}

    def visit(correlation: Correlation) -> None:
        for base in correlation.steps:
            if base in left and base not in found:
                visit(left[base])
        found.setdefault(correlation.rule.id, correlation)

    for correlation in correlations:
        visit(correlation)
    return tuple(found.values())


def fields_by_base(correlations: Sequence[Correlation]) -> dict[str, frozenset[str]]:
    """Columns that correlations look at, or hand on to correlations of them, by the id of the rule or correlation."""
    names: dict[str, set[str]] = {}
    for correlation in reversed(bases_first(correlations)):
        needed = {*correlation.group_by, *correlation.fields, *names.get(correlation.rule.id, ())}
        for base in correlation.steps:
            names.setdefault(base, set()).update(correlation.field_of(name, base) for name in needed)
    return {base: frozenset(fields) for base, fields in names.items()}


def feeding_rules(correlations: Sequence[Correlation]) -> dict[str, frozenset[str]]:
    """Correlation id to the ids of the rules that feed it, through any number of correlations."""
    found: dict[str, frozenset[str]] = {}
    for correlation in bases_first(correlations):
        found[correlation.rule.id] = frozenset(rule for base in correlation.steps for rule in found.get(base, {base}))
    return found


def awaited_rules(derived: object, fed: Mapping[str, frozenset[str]]) -> list[str]:
    """Ids of the rules that must not match, in order: as long as the log source of one was never read, its rows are
    absent for another reason, and nothing is judged.

    `derived`: a correlation, or what asks for no absence; `fed`: of `feeding_rules`.
    """
    terms = derived.terms if isinstance(derived, Correlation) else ()
    absent = {base for term in terms for base in term.absent}
    return sorted({rule for base in absent for rule in fed.get(base, {base})})


def awaited_sources(
    correlations: Sequence[Correlation], log_sources: Mapping[str, LogSource]
) -> dict[str, frozenset[LogSource]]:
    """Correlation id to the log sources of `awaited_rules`. `log_sources`: rule id to log source."""
    fed = feeding_rules(correlations)
    return {
        correlation.rule.id: frozenset(
            log_sources[rule] for rule in awaited_rules(correlation, fed) if rule in log_sources
        )
        for correlation in correlations
    }


def told_in_order(correlations: Sequence[Correlation]) -> frozenset[str]:
    """Ids of correlations whose rows of one event have one time, whichever base they are of."""
    # What waits hands its rows on at the end of their window, what does not at the event's own time.
    prompt: dict[str, bool] = {}
    for correlation in bases_first(correlations):
        prompt[correlation.rule.id] = not correlation.waits and all(
            prompt.get(base, True) for base in correlation.steps
        )
    return frozenset(
        correlation.rule.id
        for correlation in correlations
        if len(correlation.steps) == 1 or all(prompt.get(base, True) for base in correlation.steps)
    )
