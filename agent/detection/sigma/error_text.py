"""pySigma's errors in our words, with the line of what is wrong and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Callable

from sigma.exceptions import (
    SigmaConditionError,
    SigmaDetectionError,
    SigmaError,
    SigmaFilterError,
    SigmaIdentifierError,
    SigmaLogsourceError,
    SigmaRegularExpressionError,
    SigmaRelatedError,
    SigmaTagError,
)
from sigma.modifiers import modifier_mapping
from sigma.rule import SigmaDetection, SigmaDetectionItem

from agent.detection.sigma import size
from agent.detection.sigma.document import Document
from agent.detection.sigma.policy import POLICY
from agent.errors import RuleError

LOOK_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]")

LINES: dict[type[SigmaError], tuple[str, ...]] = {
    SigmaLogsourceError: ("logsource",),
    SigmaIdentifierError: ("id",),
    SigmaConditionError: ("detection", "condition"),
    SigmaDetectionError: ("detection",),
    SigmaFilterError: ("filter",),
    SigmaTagError: ("tags",),
    SigmaRelatedError: ("related",),
}
"""Where to look first for what is wrong, by the kind of pySigma's error."""

ADVICE = {
    "pipe syntax": "write a correlation rule instead of `| count() …`",
    "has a lookaround": "write several values, or a `not` in the condition",
    "the rule holds": size.HINT,
    "has no values": "name it in the settings under rules.placeholders",
    "nknown modifier": "write a modifier of the Sigma specification 2.1.0",
    "doesn't match any detection": "name a selection of this rule, or remove the selector",
    "not defined in detections": "name a selection of this rule",
    "must be an UUID": "make one with `uuidgen`",
    "ule level": "write informational, low, medium, high or critical",
    "ule status": "write stable, test, experimental, deprecated or unsupported",
    "must have a log source": "add `logsource:` with product and service",
    "must have a detection": "add `detection:` with selections and a condition",
    "must have a title": "add `title:`",
    "at least one condition": "add `condition:` with the names of selections",
    "CIDR expression modifier": "write cidr first: `|cidr|expand`",
    "Invalid CIDR": "give the network's first address, such as 192.0.2.0/24",
    "condition cannot be read": "write names of selections with and, or, not (in lower case), parentheses, 1 of x*, all of x*",
    "at most three dash": "write several values with one dash each",
    "takes at most 3 dash": "write several values with one dash each",
    "cannot be used with null": "remove the modifier, or write a value",
    "cannot be used with the number": "put the number in quotes",
    "cannot be used with the text": "remove the quotes if it is a number, true or false",
    "with wildcards": "write a backslash before each * and ? that is not a wildcard",
    "Detection is empty": "name a field and a value",
    "related": "write a list of `id` and `type`, which is derived, obsolete, merged, renamed or similar",
    "type of the rule": "derived, obsolete, merged, renamed, similar",
}
"""What to do, by a part of the message."""

_INCOMPATIBLE = re.compile(r"Modifier (\w+) incompatible to value type of '(.*)'$", re.DOTALL)
_PARSED = re.compile(r"\s*\(at char \d+\), \(line:\d+, col:(\d+)\)$")


def rule_error(document: Document, error: SigmaError, section: str) -> RuleError:
    """An error of pySigma's in one line, with the line of the item that is wrong. `section`: `detection` or `filter`."""
    message = _worded(error)
    keys = _failing_keys(document, section)
    if not keys:
        known = [where for kind, where in LINES.items() if isinstance(error, kind)]
        keys = known[0] if known else _named_key(document, message)
    return document.error(
        message[:1].lower() + message[1:] if message[1:2].islower() else message, *keys, hint=advice(message)
    )


def wrong_shape(document: Document, error: Exception) -> RuleError:
    """For what pySigma stumbles over in a document of the wrong shape."""
    section = "filter" if "filter" in document.data else "detection"
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    keys = () if isinstance(error, RecursionError) else _failing_keys(document, section)
    hint = "compare it with the Sigma specification"
    return document.error(f"a value in the rule has the wrong type or shape ({reason})", *keys, hint=hint)


def advice(message: str) -> str:
    return next((advice for sign, advice in ADVICE.items() if sign in message), "")


def _worded(error: SigmaError) -> str:
    message = re.sub(r"\s*\(in [^)]*\)$", "", str(error)).strip().removeprefix("Sigma ").rstrip(".")
    message = " ".join(message.split())
    if isinstance(error, SigmaRegularExpressionError) and LOOK_AROUND.search(message):
        return "the regular expression has a lookaround or a backreference, which RE2 does not support"
    if isinstance(error, SigmaConditionError) and (at := _PARSED.search(message)):
        return f"the condition cannot be read from character {at[1]} on"
    if found := _INCOMPATIBLE.search(message):
        return _incompatible(found[1], found[2])
    return message


def _incompatible(kind: str, value: str) -> str:
    name = next((name for name, modifier in modifier_mapping.items() if modifier.__name__ == kind), kind)
    if value.startswith("<sigma.types.SigmaNull"):
        return f"the modifier `{name}` cannot be used with null"
    if value.startswith("Sigma"):
        return f"the modifier `{name}` cannot be used after the modifiers before it"
    number = re.fullmatch(r"[+-]?[0-9.e+-]+", value) and name not in (
        "lt",
        "lte",
        "gt",
        "gte",
        "minute",
        "hour",
        "day",
        "week",
        "month",
        "year",
    )
    return f"the modifier `{name}` cannot be used with the {'number' if number else 'text'} {value}"


def _failing_keys(document: Document, section: str) -> tuple[str, ...]:
    """The path to the detection item that does not parse by itself, or none."""
    detections = document.data.get(section)
    if not isinstance(detections, dict):
        return ()
    for name, definition in detections.items():
        if name in ("condition", "rules"):
            continue
        if _fails(lambda definition=definition: SigmaDetection.from_definition(definition, policy=POLICY)):  # type: ignore[misc]
            return (section, str(name), *_failing_item(definition))
    return ()


def _failing_item(definition: object) -> tuple[str, ...]:
    if isinstance(definition, dict):
        for key, value in definition.items():
            if _fails(lambda key=key, value=value: SigmaDetectionItem.from_mapping(key, value, policy=POLICY)):  # type: ignore[misc]
                return (str(key),)
    return ()


def _fails(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (SigmaError, AttributeError, TypeError, ValueError, RecursionError):
        return True
    return False


def _named_key(document: Document, message: str) -> tuple[str, ...]:
    """A top-level key that the message names."""
    words = {word.rstrip("s") for word in re.findall(r"[a-z]+", message.lower())}
    return next(((str(key),) for key in document.data if str(key).lower().rstrip("s") in words), ())
