"""Rules with other numbers than they were written with: levels, thresholds and spans from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.bounds import with_bounds
from agent.detection.baseline.kinds import kind_of
from agent.detection.condition.tree import Match, Number, leaves, substituted
from agent.detection.correlation.correlation import Correlation
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.rule import Level, Rule

One = TypeVar("One", Rule, Correlation, Baseline)


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

    def changed(one: One, about: Rule, change: Callable[[One, str, Adjustment], One]) -> One:
        name = next((key for key in (about.name, about.id) if key in left), None)
        return one if name is None else change(one, name, left.pop(name))

    plain = tuple(changed(one, one, _rule) for one in rules.rules)
    correlations = tuple(changed(one, one.rule, _correlation) for one in rules.correlations)
    baselines = tuple(changed(one, one.rule, _baseline) for one in rules.baselines)
    for name in left:
        raise AdjustmentError(name, "there is no rule of this id or name; `leakline rules list` shows them")
    return replace(rules, rules=plain, correlations=correlations, baselines=baselines)


def _rule(rule: Rule, name: str, wanted: Adjustment) -> Rule:
    _only(name, wanted, {"level", "threshold"}, "a rule for single events")
    if wanted.threshold is not None:
        numbers = {leaf.test for leaf in leaves(rule.condition) if _compares(leaf)}
        if len(numbers) != 1:
            raise AdjustmentError(f"{name}.threshold", f"the rule compares with {len(numbers)} numbers, not with one")
        rule = replace(rule, condition=substituted(rule.condition, partial(_with, threshold=wanted.threshold)))
    return replace(rule, level=wanted.level or rule.level)


def _correlation(one: Correlation, name: str, wanted: Adjustment) -> Correlation:
    _only(name, wanted, {"level", "threshold", "timespan"}, "a correlation")
    if wanted.threshold is not None:
        if len(one.bounds) != 1:
            what = f"the condition has {len(one.bounds)} bounds, not one"
            raise AdjustmentError(f"{name}.threshold", what)
        one = replace(one, bounds=(replace(one.bounds[0], number=float(wanted.threshold)),))
    if wanted.timespan is not None:
        quiet = wanted.timespan if one.quiet == one.span else max(one.quiet, wanted.timespan)
        one = replace(one, span=wanted.timespan, quiet=quiet)
    return replace(one, rule=replace(one.rule, level=wanted.level or one.rule.level))


def _baseline(one: Baseline, name: str, wanted: Adjustment) -> Baseline:
    _only(name, wanted, {"level", "threshold", "minimum_history", "bounds"}, "a baseline")
    bounds = {**wanted.bounds, **({} if wanted.threshold is None else {"gte": wanted.threshold})}
    try:
        one = with_bounds(one, bounds)
    except ValueError as error:
        raise AdjustmentError(name, str(error)) from error
    minimum = one.minimum if wanted.minimum_history is None else wanted.minimum_history
    one = replace(one, minimum=minimum, rule=replace(one.rule, level=wanted.level or one.rule.level))
    if why := kind_of(one).too_short(one):
        raise AdjustmentError(f"{name}.minimum_history", f"{why}: it would never alert")
    return one


def _only(name: str, wanted: Adjustment, known: set[str], what: str) -> None:
    for key in ("threshold", "timespan", "minimum_history", "bounds"):
        if key not in known and getattr(wanted, key) not in (None, {}):
            key = next(iter(wanted.bounds)) if key == "bounds" else key
            raise AdjustmentError(f"{name}.{key}", f"{what} has none")


def _compares(leaf: Match) -> bool:
    return isinstance(leaf.test, Number) and leaf.test.comparison != "eq"


def _with(one: Match, threshold: float) -> Match:
    """The test with another number, if it is one that compares."""
    if isinstance(one.test, Number) and _compares(one):
        return Match(one.field, Number(one.test.comparison, threshold))
    return one
