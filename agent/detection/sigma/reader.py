"""A YAML document through pySigma to a rule of our own, with the line of whatever is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sigma.conditions import SigmaCondition
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule
from sigma.rule.attributes import SigmaRelatedType
from sigma.rule.base import SigmaRuleBase
from sigma.rule.logsource import SigmaLogSource

from agent.detection.condition.tree import Node, either
from agent.detection.sigma import modifiers, size
from agent.detection.sigma.document import Document
from agent.detection.sigma.error_text import advice, rule_error
from agent.detection.sigma.filter import Filter
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.policy import POLICY
from agent.detection.sigma.rule import Rule
from agent.detection.sigma.translate import Placeholders, UntranslatableError, translate

modifiers.register()


def read_rule(document: Document, placeholders: Placeholders) -> Rule:
    """Raises RuleError with the line of the first thing wrong."""
    parsed = SigmaRule.from_dict(document.data, collect_errors=True, policy=POLICY)
    if parsed.errors:
        raise rule_error(document, parsed.errors[0], "detection")
    conditions = parsed.detection.parsed_condition
    tree = either([condition(document, parsed_condition, placeholders, "detection") for parsed_condition in conditions])
    return Rule(
        **metadata(document, parsed),
        condition=tree,
        logsource=log_source(parsed.logsource),
    )


def read_filter(document: Document, placeholders: Placeholders) -> Filter:
    """Raises RuleError with the line of the first thing wrong."""
    parsed = SigmaFilter.from_dict(document.data, collect_errors=True, policy=POLICY)
    if parsed.errors:
        raise rule_error(document, parsed.errors[0], "filter")
    whole = SigmaCondition(parsed.filter.condition[0], parsed.filter)
    rules = parsed.filter.rules
    return Filter(
        condition(document, whole, placeholders, "filter"),
        log_source(parsed.logsource),
        None if isinstance(rules, str) else frozenset(rule.reference for rule in rules),
        document.path,
        document.line_of("filter", "rules"),
    )


def condition(document: Document, parsed: SigmaCondition, placeholders: Placeholders, section: str) -> Node:
    """PySigma's condition as ours. `section`: the key that it is under. Raises RuleError."""
    try:
        tree = translate(parsed.parsed, placeholders)
        if wrong := size.too_large(tree):
            raise document.error(wrong, section, hint=size.HINT)
        return tree
    except SigmaError as error:
        raise rule_error(document, error, section) from error
    except UntranslatableError as error:
        raise document.error(str(error), section, hint=advice(str(error))) from error


def _similar(parsed: SigmaRuleBase) -> Iterator[str]:
    related = parsed.related.related if parsed.related is not None else ()
    return (str(other.id) for other in related if other.type == SigmaRelatedType.SIMILAR)


def log_source(source: SigmaLogSource) -> LogSource:
    return LogSource(source.product, source.service, source.category)


def metadata(document: Document, parsed: SigmaRuleBase) -> dict[str, Any]:
    """What every kind of rule has in common, as arguments of `Rule`."""
    custom = parsed.custom_attributes.get("leakline", {})
    if not isinstance(custom, dict):
        raise document.error("`leakline` is not a mapping", "leakline", hint="write family, feed and triage")
    return {
        "id": str(parsed.id or ""),
        "title": parsed.title,
        "path": document.path,
        "line": document.line,
        "name": parsed.name or "",
        "description": (parsed.description or "").strip(),
        "level": str(parsed.level) if parsed.level else "medium",
        "status": str(parsed.status) if parsed.status else "experimental",
        "version": str(parsed.modified or parsed.date or ""),
        "author": parsed.author or "",
        "licence": parsed.license or "",
        "tags": tuple(str(tag) for tag in parsed.tags),
        "references": tuple(str(reference) for reference in parsed.references),
        "falsepositives": tuple(str(innocent) for innocent in parsed.falsepositives),
        "fields": tuple(str(name) for name in parsed.fields),
        "similar": tuple(_similar(parsed)),
        "custom": custom,
    }
