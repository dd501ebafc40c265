"""A YAML document through pySigma to a rule of our own, with the line of whatever is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import re2  # type: ignore[import-untyped]
from sigma.conditions import SigmaCondition
from sigma.exceptions import (
    SigmaConditionError,
    SigmaError,
    SigmaFilterError,
    SigmaLogsourceError,
    SigmaRegularExpressionError,
    SigmaTagError,
)
from sigma.filters import SigmaFilter
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RE2RegexEngine, RegexPattern
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaRule
from sigma.rule.base import SigmaRuleBase
from sigma.rule.logsource import SigmaLogSource

from agent.detection.document import Document
from agent.detection.rule import LogSource, Rule
from agent.detection.translate import Placeholders, UntranslatableError, translate
from agent.detection.tree import Node, either
from agent.errors import RuleError


class QuietRegexEngine(RE2RegexEngine):
    """RE2, without its complaints on standard error."""

    def compile(self, pattern: str, flags: int = 0) -> RegexPattern:
        letters = "".join(letter for letter in "ims" if flags & getattr(re, letter.upper()))
        options = re2.Options()
        options.log_errors = False
        compiled: RegexPattern = re2.compile(f"(?{letters}){pattern}" if letters else pattern, options)
        return compiled


POLICY = SigmaPolicy(regex_engine=QuietRegexEngine())
"""pySigma's safe policy: RE2 only, nothing is read from files or the network."""

LOOK_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]")

LINES: dict[type[SigmaError], tuple[str, ...]] = {
    SigmaLogsourceError: ("logsource",),
    SigmaConditionError: ("detection", "condition"),
    SigmaFilterError: ("filter",),
    SigmaTagError: ("tags",),
}
"""Where to look first for what pySigma complains about."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A Sigma filter: its condition is ANDed, as it stands, to the rules it names."""

    condition: Node
    logsource: LogSource
    rules: frozenset[str] | None
    """Ids and names; None for any."""

    def applies_to(self, rule: Rule) -> bool:
        same_source = all(
            mine in (None, theirs)
            for mine, theirs in (
                (self.logsource.product, rule.logsource.product),
                (self.logsource.service, rule.logsource.service),
                (self.logsource.category, rule.logsource.category),
            )
        )
        return same_source and (self.rules is None or not self.rules.isdisjoint({rule.id, rule.name}))


def read_rule(document: Document, placeholders: Placeholders) -> Rule:
    """Raises RuleError with the line of the first thing wrong."""
    data = spelled(document.data)
    parsed = SigmaRule.from_dict(data, collect_errors=True, policy=POLICY)
    if parsed.errors:
        raise located(document, parsed.errors[0], "detection")
    conditions = parsed.detection.parsed_condition
    tree = either([condition(document, one, placeholders, "detection") for one in conditions])
    return Rule(
        **metadata(document, parsed),
        condition=tree,
        logsource=log_source(parsed.logsource),
    )


def read_filter(document: Document, placeholders: Placeholders) -> Filter:
    """Raises RuleError with the line of the first thing wrong."""
    parsed = SigmaFilter.from_dict(spelled(document.data), collect_errors=True, policy=POLICY)
    if parsed.errors:
        raise located(document, parsed.errors[0], "filter")
    one = SigmaCondition(parsed.filter.condition[0], parsed.filter)
    rules = parsed.filter.rules
    return Filter(
        condition(document, one, placeholders, "filter"),
        log_source(parsed.logsource),
        None if isinstance(rules, str) else frozenset(rule.reference for rule in rules),
    )


def condition(document: Document, one: SigmaCondition, placeholders: Placeholders, section: str) -> Node:
    try:
        return translate(one.parsed, placeholders)
    except SigmaError as error:
        raise located(document, error, section) from error
    except UntranslatableError as error:
        raise document.error(str(error), section, hint=_advice(str(error))) from error


def log_source(source: SigmaLogSource) -> LogSource:
    return LogSource(source.product, source.service, source.category)


def metadata(document: Document, parsed: SigmaRuleBase) -> dict[str, Any]:
    """What every kind of rule has in common, as arguments of `Rule`."""
    custom = parsed.custom_attributes.get("leakline", {})
    if not isinstance(custom, dict):
        raise document.error("`leakline` is no mapping", "leakline", hint="it holds family, feed and triage")
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
        "falsepositives": tuple(str(one) for one in parsed.falsepositives),
        "fields": tuple(str(one) for one in parsed.fields),
        "custom": custom,
    }


def spelled(data: dict[str, Any]) -> dict[str, Any]:
    """With `utf16le`, which pySigma knows as `wide` only."""

    def rename(value: Any) -> Any:
        if isinstance(value, dict):
            return {_wide(key): rename(inner) for key, inner in value.items()}
        return [rename(inner) for inner in value] if isinstance(value, list) else value

    changed: dict[str, Any] = {key: rename(data[key]) for key in ("detection", "filter") if key in data}
    return {**data, **changed}


def _wide(key: object) -> object:
    if not isinstance(key, str) or "|" not in key:
        return key
    return "|".join("wide" if part == "utf16le" else part for part in key.split("|"))


def located(document: Document, error: SigmaError, section: str) -> RuleError:
    """PySigma's complaint in one line, with the line of the offending item."""
    message = re.sub(r"\s*\(in [^)]*\)$", "", str(error)).strip().removeprefix("Sigma ").rstrip(".")
    regular = isinstance(error, SigmaRegularExpressionError)
    if regular and LOOK_AROUND.search(message):
        message = "the regular expression looks around or refers back, which RE2 syntax does not have"
    keys = _blamed(document, section)
    if not keys:
        known = [where for kind, where in LINES.items() if isinstance(error, kind)]
        keys = known[0] if known else _about(document, message)
    return document.error(message[:1].lower() + message[1:], *keys, hint=_advice(message))


def _blamed(document: Document, section: str) -> tuple[str, ...]:
    """The path to the detection item that does not parse by itself, or none."""
    detections = spelled(document.data).get(section)
    if not isinstance(detections, dict):
        return ()
    for name, definition in detections.items():
        if name in ("condition", "rules"):
            continue
        if _fails(lambda definition=definition: SigmaDetection.from_definition(definition, policy=POLICY)):  # type: ignore[misc]
            return (section, str(name), *_blamed_item(definition))
    return ()


def _blamed_item(definition: object) -> tuple[str, ...]:
    if isinstance(definition, dict):
        for key, value in definition.items():
            if _fails(lambda key=key, value=value: SigmaDetectionItem.from_mapping(key, value, policy=POLICY)):  # type: ignore[misc]
                return (str(key),)
    return ()


def _fails(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (SigmaError, AttributeError, TypeError):
        return True
    return False


def _about(document: Document, message: str) -> tuple[str, ...]:
    """A top-level key that the message names."""
    words = set(re.findall(r"[a-z]+", message.lower()))
    return next(((str(key),) for key in document.data if str(key).lower() in words), ())


def _advice(message: str) -> str:
    for sign, advice in ADVICE.items():
        if sign in message:
            return advice
    return ""


ADVICE = {
    "pipe syntax": "write a correlation rule instead of `| count() …`",
    "looks around": "say it with several values, or with a `not` in the condition",
    "has no values": "name it in the settings under rules.placeholders",
    "Unknown modifier": "the modifiers are those of the Sigma specification 2.1.0",
    "doesn't match any detection": "name a selection that is there, or take the selector out",
    "not defined in detections": "name a selection that is there",
    "must be an UUID": "make one with `uuidgen`",
    "not a valid Sigma rule level": "levels are informational, low, medium, high, critical",
    "must have a log source": "add `logsource:` with product and service",
    "CIDR": "give the network's first address, such as 192.0.2.0/24",
}
