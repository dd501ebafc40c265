"""Rules with other numbers than they were written with: levels, thresholds and spans from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.kinds import kind_of
from agent.detection.baseline.reading.bounds import with_bounds
from agent.detection.condition.tree import Match, Number, leaves, substituted
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.rule import Level, Rule

Adjustable = TypeVar("Adjustable", Rule, Correlation, Baseline)


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What of one rule is to be different; None leaves a thing as it is."""

    level: Level | None = None
    threshold: float | None = None
    """The number of a condition that has just one; of a baseline the least volume, or the least speed."""
    timespan: timedelta | None = None
    """Of a correlation."""
    minimum_history: timedelta | None = None
    """Of a baseline."""
    bounds: Mapping[str, float] = field(default_factory=dict)
    """Of a baseline: `ratio`, `deviation`, `highest`, `distance`."""


class AdjustmentError(ValueError):
    """An adjustment that does not fit; `key` says which: `report_export_spread.timespan`."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def adjusted(rules: RuleSet, wanted: Mapping[str, Adjustment]) -> RuleSet:
    """`wanted`: by id or name of a rule, correlation or baseline. Raises AdjustmentError."""
    left = dict(wanted)

    def changed(
        item: Adjustable, about: Rule, change: Callable[[Adjustable, str, Adjustment], Adjustable]
    ) -> Adjustable:
        name = next((key for key in (about.name, about.id) if key in left), None)
        return item if name is None else change(item, name, left.pop(name))

    plain = tuple(changed(rule, rule, _rule) for rule in rules.rules)
    correlations = tuple(changed(derived, derived.rule, _correlation) for derived in rules.correlations)
    baselines = tuple(changed(derived, derived.rule, _baseline) for derived in rules.baselines)
    for name in left:
        raise AdjustmentError(name, "no rule has this id or name; `leakline rules list` shows them")
    return replace(rules, rules=plain, correlations=correlations, baselines=baselines)


def _rule(rule: Rule, name: str, wanted: Adjustment) -> Rule:
    _only(name, wanted, {"level", "threshold"}, "a rule for single events")
    if wanted.threshold is not None:
        numbers = {leaf.test for leaf in leaves(rule.condition) if _compares(leaf)}
        if len(numbers) != 1:
            raise AdjustmentError(f"{name}.threshold", f"the rule compares with {len(numbers)} numbers, not with one")
        rule = replace(rule, condition=substituted(rule.condition, partial(_with, threshold=wanted.threshold)))
    return replace(rule, level=wanted.level or rule.level)


def _correlation(correlation: Correlation, name: str, wanted: Adjustment) -> Correlation:
    _only(name, wanted, {"level", "threshold", "timespan"}, "a correlation")
    if wanted.threshold is not None:
        if len(correlation.bounds) != 1:
            what = f"the condition has {len(correlation.bounds)} bounds, not one"
            raise AdjustmentError(f"{name}.threshold", what)
        correlation = replace(correlation, bounds=(replace(correlation.bounds[0], number=float(wanted.threshold)),))
    if wanted.timespan is not None:
        quiet = wanted.timespan if correlation.quiet == correlation.span else max(correlation.quiet, wanted.timespan)
        correlation = replace(correlation, span=wanted.timespan, quiet=quiet)
    return replace(correlation, rule=replace(correlation.rule, level=wanted.level or correlation.rule.level))


def _baseline(baseline: Baseline, name: str, wanted: Adjustment) -> Baseline:
    _only(name, wanted, {"level", "threshold", "minimum_history", "bounds"}, "a baseline")
    bounds = {**wanted.bounds, **({} if wanted.threshold is None else {"gte": wanted.threshold})}
    try:
        baseline = with_bounds(baseline, bounds)
    except ValueError as error:
        raise AdjustmentError(name, str(error)) from error
    minimum = baseline.minimum if wanted.minimum_history is None else wanted.minimum_history
    baseline = replace(
        baseline, minimum=minimum, rule=replace(baseline.rule, level=wanted.level or baseline.rule.level)
    )
    if why := kind_of(baseline).too_short(baseline):
        raise AdjustmentError(f"{name}.minimum_history", f"{why}: it would never alert")
    return baseline


def _only(name: str, wanted: Adjustment, known: set[str], what: str) -> None:
    for key in ("threshold", "timespan", "minimum_history", "bounds"):
        if key not in known and getattr(wanted, key) not in (None, {}):
            key = next(iter(wanted.bounds)) if key == "bounds" else key
            raise AdjustmentError(f"{name}.{key}", f"{what} does not have this setting; remove it")


def _compares(leaf: Match) -> bool:
    return isinstance(leaf.test, Number) and leaf.test.comparison != "eq"


def _with(leaf: Match, threshold: float) -> Match:
    """The test with another number, if it is one that compares."""
    if isinstance(leaf.test, Number) and _compares(leaf):
        return Match(leaf.field, Number(leaf.test.comparison, threshold))
    return leaf
