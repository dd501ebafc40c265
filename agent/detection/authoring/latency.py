"""How late the rows of a rule may come, and how long the rule itself then waits before it tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from agent.detection.baseline.baseline import Baseline
from agent.detection.correlation.correlation import Correlation, ordered
from agent.detection.correlation.engine import LATENESS, OTHERWISE
from agent.detection.sigma.rule import ALIASES, LogSource, RuleSet

SALESFORCE = frozenset(
    {
        "event_log_file",
        "real_time_event_monitoring",
        "event_log_object",
        "setup_audit_trail",
        "login_history",
    }
)
"""Services of Salesforce that a rule may be about."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Of one rule."""

    services: tuple[str, ...]
    """Whose rows it looks at."""
    lateness: timedelta
    """How late the rows of the slowest of them may come."""
    wait: timedelta = timedelta()
    """How long after its rows it tells at the latest, by event time; none if it tells as soon as they are there."""
    until: str = "at once"
    """`at once`, `window closes` or `pause lasts`."""


def paces(rules: RuleSet) -> dict[str, Pace]:
    """By id: rules, correlations and baselines."""
    found = {rule.id: _of_services(services(rule.logsource)) for rule in rules}
    derived: list[Correlation | Baseline] = [*ordered(rules.correlations), *rules.baselines]
    for one in derived:
        bases = [found[base] for base in one.bases if base in found]
        looked_at = _of_services({service for base in bases for service in base.services})
        until, wait = _own(one, looked_at.lateness)
        before = max(bases, key=lambda base: base.wait, default=looked_at)
        until = before.until if until == "at once" else until
        found[one.rule.id] = Pace(looked_at.services, looked_at.lateness, before.wait + wait, until)
    return found


def services(source: LogSource) -> frozenset[str]:
    """What a rule for this log source looks at, of what is known here; empty if it is none of that."""
    if source.category is not None or source.product not in (None, "salesforce", "leakline"):
        return frozenset()
    known = (SALESFORCE if source.product != "leakline" else frozenset()) | (
        {"agent"} if source.product != "salesforce" else frozenset()
    )
    named = known if source.service is None else ALIASES.get(source.service, frozenset({source.service}))
    return known & named


def lateness(source: LogSource) -> timedelta:
    """Of the slowest service that a rule for this log source looks at."""
    return _of_services(services(source)).lateness


def _of_services(looked_at: Iterable[str]) -> Pace:
    names = tuple(sorted(looked_at))
    return Pace(names, max((LATENESS.get(name, OTHERWISE) for name in names), default=OTHERWISE))


def _own(one: Correlation | Baseline, late: timedelta) -> tuple[str, timedelta]:
    """What it waits for by itself, and how long."""
    if isinstance(one, Baseline):
        return ("pause lasts", one.span + one.wait) if one.kind == "silence" else ("at once", timedelta())
    return ("window closes", one.span + late) if one.waits else ("at once", timedelta())
