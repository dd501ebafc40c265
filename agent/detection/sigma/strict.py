"""What pySigma lets through in silence, or has no words for, refused with the line it stands on."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import yaml

from agent.detection.sigma import size
from agent.detection.sigma.document import Document
from agent.errors import RuleError
from agent.yaml_lines.nodes import Keys, descendants, value_of

CORRELATION_KEYS = frozenset({"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"})

KINDS = ("detection", "filter", "correlation", "baseline")
"""The keys that say what kind of document it is."""

TEXTS = ("id", "license")
"""Keys whose values pySigma takes for text without a look."""

LOG_SOURCE_KEYS = ("category", "product", "service", "definition")

TIME_PARTS = frozenset({"minute", "hour", "day", "week", "month", "year"})


def violations(document: Document) -> Iterator[RuleError]:
    """Mistakes that would otherwise change what the rule means, or make it mean nothing."""
    data = document.data
    kinds = [kind for kind in KINDS if kind in data]
    if len(kinds) > 1:
        yield document.error(
            f"{kinds[0]} and {kinds[1]} cannot be in one document", kinds[1], hint="write --- between them"
        )
        return
    too_large = [error for section in ("detection", "filter") if (error := _too_large(document, section))]
    if too_large:  # before anything walks through all of it
        yield too_large[0]
        return
    yield from _in_head(document)
    yield from _in_log_source(document)
    for section in ("detection", "filter"):
        if isinstance(data.get(section), dict):
            yield from _in_detection(document, data[section], section)
    if isinstance(data.get("correlation"), dict):
        yield from _in_correlation(document, data["correlation"])
    elif "correlation" in data:
        hint = "write type, rules, timespan, condition"
        yield document.error("`correlation` is not a mapping", "correlation", hint=hint)


def _too_large(document: Document, section: str) -> RuleError | None:
    node = value_of(document.node, section)
    wrong = size.too_much(_values(node)) if node is not None else ""
    return document.error(wrong, section, hint=size.HINT) if wrong else None


def _values(node: yaml.Node) -> int:
    """How many values stand in lists, and behind keys."""
    count = sum(isinstance(value, yaml.ScalarNode) for value in descendants(node, keys=False))
    return count - 1  # the condition


def _in_head(document: Document) -> Iterator[RuleError]:
    for key in TEXTS:
        if not isinstance(document.data.get(key), str | None):
            yield document.error(f"`{key}` is not text", key, hint="put it in quotes")


def _in_log_source(document: Document) -> Iterator[RuleError]:
    """A misspelled key would make the rule one for more than it is meant for."""
    source = document.data.get("logsource")
    for key, value in source.items() if isinstance(source, dict) else ():
        meant = difflib.get_close_matches(str(key).lower(), LOG_SOURCE_KEYS, 1, 0.8)
        if meant and key != meant[0]:
            yield document.error(f"log sources have no key `{key}`", "logsource", str(key), hint=f"write {meant[0]}")
        elif key in LOG_SOURCE_KEYS and not isinstance(value, str | None):
            yield document.error(f"`{key}` is not text", "logsource", str(key), hint="put it in quotes")


def _in_detection(document: Document, detection: dict[Any, Any], section: str) -> Iterator[RuleError]:
    if "timeframe" in detection:
        yield document.error(
            "`timeframe` is not supported: it belongs to the old aggregations",
            section,
            "timeframe",
            hint="write a correlation rule with `timespan`",
        )
    if "condition" in detection:
        yield from _in_condition(document, detection["condition"], section)
    if section == "filter" and "rules" in detection:
        yield from _in_rules(document, detection["rules"])
    for name, definition in detection.items():
        if not isinstance(name, str):
            yield _no_text(document, name, section)
        elif name not in ("condition", "timeframe") and not (name == "rules" and section == "filter"):
            yield from _in_definition(document, definition, (section, name))
    yield from _numbers(document, section)


def _in_condition(document: Document, condition: object, section: str) -> Iterator[RuleError]:
    for part in condition if isinstance(condition, list) and condition else [condition]:
        if not isinstance(part, str) or not part.strip():
            hint = "write names of selections, with and, or, not between them"
            yield document.error("the condition is empty or not text", section, "condition", hint=hint)
            return


def _in_rules(document: Document, rules: object) -> Iterator[RuleError]:
    named = rules if isinstance(rules, list) else [rules]
    if not named or not all(isinstance(name, str) and name for name in named):
        hint = "write the ids or names of rules, or any"
        yield document.error("the filter names no rules", "filter", "rules", hint=hint)


def _no_text(document: Document, name: object, *keys: str | int) -> RuleError:
    return document.error(f"the name {name!r} is not text", *keys, str(name), hint="put it in quotes")


def _in_definition(document: Document, definition: object, keys: Keys) -> Iterator[RuleError]:
    match definition:
        case dict():
            for key, value in definition.items():
                if isinstance(key, str):
                    yield from _in_item(document, key, value, (*keys, key))
                else:
                    yield _no_text(document, key, *keys)
        case []:
            yield _empty(document, keys)
        case list():
            for number, part in enumerate(definition):
                yield from _in_definition(document, part, (*keys, number))
        case "":
            hint = "remove it, or name a field"
            yield document.error("an empty keyword matches every event", *keys, hint=hint)
        case _:
            yield from _in_value(document, definition, keys)


def _in_item(document: Document, key: str, value: object, keys: Keys) -> Iterator[RuleError]:
    modifiers = set(key.split("|")[1:])
    if {"cased", "fieldref"} <= modifiers:
        yield document.error("fieldref ignores case", *keys, hint="remove cased")
    if "re" in modifiers and modifiers & {"startswith", "endswith"}:
        hint = "write ^ or $ in the expression"
        yield document.error("a regular expression matches anywhere in a value", *keys, hint=hint)
    if value == []:
        yield _empty(document, keys)
    if isinstance(value, list) and modifiers & size.PATTERNS and (wrong := size.too_much(0, len(value))):
        yield document.error(wrong, *keys, hint=size.HINT)
        return
    for number, element in enumerate(value) if isinstance(value, list) else [(None, value)]:
        where = keys if number is None else (*keys, number)
        yield from _in_value(document, element, where)
        if "re" in modifiers and not isinstance(element, str):
            yield document.error(f"the regular expression {element!r} is not text", *where, hint="put it in quotes")
        if TIME_PARTS & modifiers and isinstance(element, float) and not element.is_integer():
            yield document.error(
                f"this is not a number for a part of a time: {element}", *where, hint="write a whole number"
            )


def _in_value(document: Document, value: object, keys: Keys) -> Iterator[RuleError]:
    match value:
        case dict():
            yield document.error(
                "a value cannot be a mapping", *keys, hint="name a field inside an object with a dot: `outer.inner`"
            )
        case []:
            yield _empty(document, keys)
        case list():
            yield document.error("a value cannot be a list in a list", *keys, hint="write one list")
        case date() | bytes():
            yield document.error(f"the value {value!s} is neither text nor a number", *keys, hint="put it in quotes")


def _empty(document: Document, keys: Keys) -> RuleError:
    """An empty list would be taken for `null`."""
    return document.error("the list is empty", *keys, hint="write null for 'no value', or remove the line")


def _numbers(document: Document, section: str) -> Iterator[RuleError]:
    """YAML 1.1, which pySigma reads, takes `010` for eight and `1:30` for ninety; YAML 1.2, and people, do not."""
    node = value_of(document.node, section)
    for scalar in descendants(node) if node is not None else ():
        if not isinstance(scalar, yaml.ScalarNode) or not scalar.tag.endswith((":int", ":float")):
            continue
        text = scalar.value.lstrip("+-")
        octal = re.fullmatch("0[0-7]+", text) and int(text, 8) != int(text)
        if octal or ":" in text:
            hint = "put it in quotes, or write it without leading zeros and colons"
            message = f"{scalar.value} without quotes is not the number that it looks like"
            yield RuleError(document.path, scalar.start_mark.line + 1, message, hint=hint)


def _in_correlation(document: Document, correlation: dict[str, Any]) -> Iterator[RuleError]:
    for key in sorted(map(str, correlation.keys() - CORRELATION_KEYS)):
        yield document.error(
            f"correlations have no key `{key}`",
            "correlation",
            key,
            hint=f"write one of {', '.join(sorted(CORRELATION_KEYS))}",
        )
