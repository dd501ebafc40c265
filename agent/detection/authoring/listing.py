"""Rules as rows, for `leakline rules list`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from agent.detection.authoring.coverage import Availability, reasons, weakened
from agent.detection.authoring.latency import Latency, latencies
from agent.detection.baseline.baseline import Baseline
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.rule import SEVERITY, Rule


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule in the list."""

    id: str
    name: str
    title: str
    status: str
    level: str
    severity: int
    family: str
    feed: str
    """`free`, `event_monitoring` or `real_time`: what the org must have."""
    kind: str
    """`rule`, or the type of a correlation or baseline."""
    product: str
    service: str
    services: tuple[str, ...]
    """All that the rule, or what it is made of, looks at."""
    timespan_seconds: float | None
    rows_late_seconds: float
    """How late rows of the slowest service may come."""
    tells: str
    """`at once`: as soon as the rows are there; `window closes`, `pause lasts`: after `wait_seconds`."""
    wait_seconds: float
    tactics: tuple[str, ...]
    techniques: tuple[str, ...]
    cannot_fire: tuple[str, ...]
    """Why it cannot, with this licence and these settings; empty if it can."""
    not_filled: tuple[str, ...]
    """Fields that it looks at and nothing fills."""
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class RuleCounts:
    """How many rules there are of a family, or in all."""

    name: str
    rules: int
    levels: Counter[str]
    feeds: Counter[str]


def listing(rules: RuleSet, availability: Availability | None = None) -> list[RuleRow]:
    """What raises alerts, by family, the gravest first. Without `availability` nothing is said about what cannot fire."""
    latency = latencies(rules)
    why = reasons(rules, availability) if availability else {}
    derived = {derived_rule.rule.id: derived_rule for derived_rule in rules.derived}
    by_id = {rule.id: rule for rule in rules}
    rows = []
    for rule in rules.alerting:
        above = derived.get(rule.id)
        parts = [by_id[base] for base in above.bases if base in by_id] if above else [rule]
        missing = {name for part in parts for name in weakened(part, availability)} if availability else ()
        rows.append(_row(rule, above, latency[rule.id], why.get(rule.id, ()), tuple(sorted(missing))))
    return sorted(rows, key=lambda row: (row.family, -row.severity, row.name or row.title))


def counts_by_family(rows: Iterable[RuleRow]) -> list[RuleCounts]:
    """By family; all of them last, under `all`."""
    families: dict[str, list[RuleRow]] = {}
    for row in rows:
        families.setdefault(row.family, []).append(row)
    every = [row for family in families.values() for row in family]
    return [_counted(name, counted) for name, counted in (*sorted(families.items()), ("all", every))]


def techniques(rows: Iterable[RuleRow]) -> Counter[str]:
    """ATT&CK technique ids to how many rules look for them."""
    return Counter(technique for row in rows for technique in dict.fromkeys(row.techniques))


def _counted(name: str, rows: list[RuleRow]) -> RuleCounts:
    return RuleCounts(name, len(rows), Counter(row.level for row in rows), Counter(row.feed for row in rows))


def _row(
    rule: Rule, derived: Correlation | Baseline | None, latency: Latency, why: tuple[str, ...], missing: tuple[str, ...]
) -> RuleRow:
    return RuleRow(
        id=rule.id,
        name=rule.name,
        title=rule.title,
        status=rule.status,
        level=rule.level,
        severity=SEVERITY[rule.level],
        family=rule.family,
        feed=rule.feed,
        kind=derived.kind if derived else "rule",
        product=rule.logsource.product or "",
        service=rule.logsource.service or "",
        services=latency.services,
        timespan_seconds=derived.span.total_seconds() if derived else None,
        rows_late_seconds=latency.lateness.total_seconds(),
        tells=latency.until,
        wait_seconds=latency.wait.total_seconds(),
        tactics=rule.tactics,
        techniques=rule.techniques,
        cannot_fire=why,
        not_filled=missing,
        path=str(rule.path),
        line=rule.line,
    )
