"""Which fields the rules of the pack read, taken from the loaded rules."""

from __future__ import annotations

from agent.detection.condition.tree import fields
from agent.detection.load import load
from agent.shipped import shipped


def fields_read() -> frozenset[str]:
    """Fields of conditions, groups and measures, and those that rules show, by the names that the rules use."""
    pack = load([shipped("rules")])
    assert not pack.errors
    found: set[str] = set()
    of_correlations = [correlation.rule for correlation in pack.correlations]
    for rule in (*pack.rules, *of_correlations, *(baseline.rule for baseline in pack.baselines)):
        found.update(fields(rule.condition), rule.fields)
    for correlation in pack.correlations:
        for base in correlation.bases:
            found.update(correlation.field_of(name, base) for name in (*correlation.group_by, *correlation.fields))
    for baseline in pack.baselines:
        for base in baseline.bases:
            found.update(baseline.field_of(name, base) for name, _ in baseline.group_by)
            found.add(baseline.measured(base))
    return frozenset(found - {""})
