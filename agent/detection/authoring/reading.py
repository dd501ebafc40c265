"""Which rules read a field or a list of values, by themselves or through what feeds them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from agent.detection.baseline.baseline import Baseline
from agent.detection.condition.tree import fields
from agent.detection.correlation.definition.correlation import Correlation, bases_first
from agent.detection.rule_set import RuleSet
from agent.detection.sigma import document
from agent.detection.sigma.document import Document
from agent.detection.sigma.rule import Rule

Reads = Callable[[Rule], bool]


def readers(rules: RuleSet, reads: Reads, names: Collection[str] = ()) -> list[Rule]:
    """Those that raise alerts and read it: `reads` says it of a rule, and correlations and baselines read what the
    rules below them do and what they group or measure by (`names`).
    """
    found = {rule.id for rule in rules if reads(rule)}
    derived: list[Correlation | Baseline] = [*bases_first(rules.correlations), *rules.baselines]
    for part in derived:
        if not found.isdisjoint(part.bases) or not _grouped(part).isdisjoint(names):
            found.add(part.rule.id)
    return [rule for rule in rules.alerting if rule.id in found]


def of_fields(names: Collection[str]) -> Reads:
    """Whether a rule asks about one of these fields."""
    return lambda rule: not set(fields(rule.condition)).isdisjoint(names)


def of_placeholder(name: str) -> Reads:
    """Whether a rule's document expands `%name%`."""
    return lambda rule: name in placeholders_of(rule)


def placeholders_of(rule: Rule) -> list[str]:
    """Names of the values that a rule's document expands."""
    for read in document.read(rule.path) if "%" in rule.path.read_text(encoding="utf-8") else ():
        if isinstance(read, Document) and read.line == rule.line:
            return sorted(set(re.findall(r"%(\w+)%", str(read.data.get("detection", "")))))
    return []


def _grouped(part: Correlation | Baseline) -> set[str]:
    groups = {name if isinstance(name, str) else name[0] for name in part.group_by}
    measured = part.fields if isinstance(part, Correlation) else [part.field]
    names = groups.union(measured)
    return names.union(part.field_of(name, base) for name in names for base in part.bases)
