"""How late the rows of a rule may come, and how long the rule itself then waits before it tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.kinds import kind_of
from agent.detection.correlation.definition.correlation import Correlation, bases_first
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import lateness_of, services


@dataclass(frozen=True, slots=True)
class Latency:
    """Of one rule."""

    services: tuple[str, ...]
    """Whose rows it looks at."""
    lateness: timedelta
    """How late the rows of the slowest of them may come."""
    wait: timedelta = timedelta()
    """How long after its rows it tells at the latest, by event time; none if it tells as soon as they are there."""
    until: str = "at once"
    """`at once`, `window closes` or `pause lasts`."""


def latencies(rules: RuleSet) -> dict[str, Latency]:
    """By id: rules, correlations and baselines."""
    found = {rule.id: _looking_at(services(rule.logsource)) for rule in rules}
    derived: list[Correlation | Baseline] = [*bases_first(rules.correlations), *rules.baselines]
    for derived_rule in derived:
        bases = [found[base] for base in derived_rule.bases if base in found]
        looked_at = _looking_at({service for base in bases for service in base.services})
        until, wait = _own_wait(derived_rule, looked_at.lateness)
        # A rule on what another one found tells after it: their waits add up, and the longest of its bases counts.
        before = max(bases, key=lambda base: base.wait, default=looked_at)
        until = before.until if until == "at once" else until
        found[derived_rule.rule.id] = Latency(looked_at.services, looked_at.lateness, before.wait + wait, until)
    return found


def _looking_at(looked_at: Iterable[str]) -> Latency:
    names = tuple(sorted(looked_at))
    return Latency(names, lateness_of(names))


def _own_wait(derived: Correlation | Baseline, late: timedelta) -> tuple[str, timedelta]:
    """What it waits for by itself, and how long."""
    if isinstance(derived, Baseline):
        return ("pause lasts", derived.span + derived.wait) if kind_of(derived).waits else ("at once", timedelta())
    return ("window closes", derived.span + late) if derived.waits else ("at once", timedelta())
