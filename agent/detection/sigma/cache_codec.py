"""Parsed files of rules as JSON and back: a form of our own, which holds no code."""

from __future__ import annotations

import importlib
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson

from agent.detection.condition import tree
from agent.detection.condition.tree import And, Constant, Match, Node, Not, Or, Test
from agent.detection.sigma.filter import Filter
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.parsed_file import ParsedFile
from agent.detection.sigma.rule import Rule
from agent.errors import RuleError

NOWHERE = Path()
"""Stands for the file, whose name is no part of what it says."""

_TESTS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        tree.Text, tree.Regex, tree.Number, tree.TimePart, tree.Network, tree.Truth, tree.Null, tree.Exists,
        tree.Reference,
    )
}  # fmt: skip
_FIELDS = {name: tuple(field.name for field in fields(kind)) for name, kind in _TESTS.items()}
_TUPLES = frozenset(field.name for field in fields(Rule) if str(field.type).startswith("tuple"))
_SOURCE = tuple(field.name for field in fields(LogSource))
_RULE = tuple(field.name for field in fields(Rule) if field.name not in ("path", "condition", "logsource"))


def stored(parsed: ParsedFile) -> dict[str, Any] | None:
    """What JSON can say of it; None if it cannot, or not all of it. Placeholders are the caller's business."""
    said: dict[str, Any] = {
        "rules": [_rule(rule) for rule in parsed.rules],
        "filters": [_filter(sigma_filter) for sigma_filter in parsed.filters],
        "errors": [[error.line, error.reason, error.hint] for error in parsed.errors],
    }
    try:
        said["derived"] = [_documents().stored(document) for document in parsed.derived]
        said = orjson.loads(orjson.dumps(said))
        whole = restored(said, NOWHERE)
    except (KeyError, RecursionError, TypeError, ValueError):
        return None
    is_same = (
        [replace(rule, path=NOWHERE) for rule in parsed.rules] == whole.rules
        and [replace(sigma_filter, path=NOWHERE) for sigma_filter in parsed.filters] == whole.filters
        and all(_documents().is_same(*pair) for pair in zip(parsed.derived, whole.derived, strict=True))
    )
    return said if is_same else None


def restored(said: dict[str, Any], path: Path) -> ParsedFile:
    """Raises KeyError, TypeError or ValueError for what `stored` never said."""
    return ParsedFile(
        [_restored_rule(rule, path) for rule in said["rules"]],
        [_restored_filter(said_filter, path) for said_filter in said["filters"]],
        [RuleError(path, line, reason, hint=hint) for line, reason, hint in said["errors"]],
        [_documents().restored(document, path) for document in said["derived"]],
        set(said.get("placeholders", ())),
    )


def _documents() -> ModuleType:
    """Imported where there is a correlation or baseline: it needs pySigma, which takes a tenth of a second."""
    return importlib.import_module("agent.detection.sigma.document_codec")


def _rule(rule: Rule) -> dict[str, Any]:
    plain = {name: getattr(rule, name) for name in _RULE}
    return {**plain, "condition": _node(rule.condition), "logsource": _source(rule.logsource)}


def _restored_rule(said: dict[str, Any], path: Path) -> Rule:
    tuples = {name: tuple(said[name]) for name in _TUPLES if name in said}
    condition, source = _restored_node(said["condition"]), LogSource(*said["logsource"])
    return Rule(**{**said, **tuples, "condition": condition, "logsource": source, "path": path})


def _filter(sigma_filter: Filter) -> list[Any]:
    named = None if sigma_filter.rules is None else sorted(sigma_filter.rules)
    return [_node(sigma_filter.condition), _source(sigma_filter.logsource), named, sigma_filter.line]


def _restored_filter(said: list[Any], path: Path) -> Filter:
    condition, source, rules, line = said
    named = None if rules is None else frozenset(rules)
    return Filter(_restored_node(condition), LogSource(*source), named, path, line)


def _source(source: LogSource) -> list[str | None]:
    return [getattr(source, name) for name in _SOURCE]


def _node(node: Node) -> list[Any]:
    match node:
        case Match(field, test):
            return ["is", field, *_test(test)]
        case And(children):
            return ["and", *map(_node, children)]
        case Or(children):
            return ["or", *map(_node, children)]
        case Not(child):
            return ["not", _node(child)]
        case Constant(value):
            return ["always", value]


def _restored_node(said: list[Any]) -> Node:
    match said:
        case ["is", str() | None as field, str() as kind, *values]:
            return Match(field, _restored_test(kind, values))
        case ["and", *children]:
            return And(tuple(map(_restored_node, children)))
        case ["or", *children]:
            return Or(tuple(map(_restored_node, children)))
        case ["not", child]:
            return Not(_restored_node(child))
        case ["always", bool() as value]:
            return Constant(value)
        case _:
            raise ValueError(said)


def _test(test: Test) -> list[Any]:
    name = type(test).__name__
    values = (getattr(test, field) for field in _FIELDS[name])
    return [name, *(sorted(value) if isinstance(value, frozenset) else value for value in values)]


def _restored_test(kind: str, values: list[Any]) -> Test:
    test: Test = _TESTS[kind](*(_restored_values(value) if isinstance(value, list) else value for value in values))
    return test


def _restored_values(values: list[Any]) -> frozenset[Any]:
    return frozenset(tuple(value) if isinstance(value, list) else value for value in values)
