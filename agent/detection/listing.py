"""Rules as rows, for `leakline rules list`."""

from __future__ import annotations

from dataclasses import dataclass

from agent.detection.rule import SEVERITY, Rule, RuleSet


@dataclass(frozen=True, slots=True)
class Listed:
    """One rule in the list."""

    id: str
    name: str
    title: str
    level: str
    severity: int
    family: str
    feed: str
    """`free`, `event_monitoring` or `shield`: what the org must have."""
    product: str
    service: str
    techniques: tuple[str, ...]
    path: str
    line: int


def listing(rules: RuleSet) -> list[Listed]:
    """By family, the gravest first."""
    rows = [_listed(rule) for rule in rules.alerting]
    return sorted(rows, key=lambda row: (row.family, -row.severity, row.name or row.title))


def _listed(rule: Rule) -> Listed:
    return Listed(
        id=rule.id,
        name=rule.name,
        title=rule.title,
        level=rule.level,
        severity=SEVERITY[rule.level],
        family=rule.family,
        feed=rule.feed,
        product=rule.logsource.product or "",
        service=rule.logsource.service or "",
        techniques=rule.techniques,
        path=str(rule.path),
        line=rule.line,
    )
