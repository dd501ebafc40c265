"""What pySigma lets through in silence, refused with the line it stands on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from agent.detection.document import Document
from agent.errors import RuleError

CORRELATION_KEYS = frozenset({"type", "rules", "group-by", "timespan", "condition", "aliases", "generate"})


def refusals(document: Document) -> Iterator[RuleError]:
    """Mistakes that would otherwise change what the rule means, or make it mean nothing."""
    data = document.data
    if isinstance(data.get("detection"), dict):
        yield from _in_detection(document, data["detection"], "detection")
    if isinstance(data.get("filter"), dict):
        yield from _in_detection(document, data["filter"], "filter")
    if isinstance(data.get("correlation"), dict):
        yield from _in_correlation(document, data["correlation"])


def _in_detection(document: Document, detection: dict[str, Any], section: str) -> Iterator[RuleError]:
    if "timeframe" in detection:
        yield document.error(
            "`timeframe` belongs to the old aggregations, which nothing evaluates",
            section,
            "timeframe",
            hint="write a correlation rule with `timespan`",
        )
    for name, definition in detection.items():
        if name not in ("condition", "rules"):
            yield from _empty_lists(document, definition, (section, str(name)))


def _empty_lists(document: Document, definition: object, keys: tuple[str | int, ...]) -> Iterator[RuleError]:
    """An empty list would be taken for `null`."""
    if definition == []:
        yield document.error("the list is empty", *keys, hint="write null for 'no value', or take the line out")
    elif isinstance(definition, dict):
        for key, value in definition.items():
            yield from _empty_lists(document, value, (*keys, str(key)))
    elif isinstance(definition, list):
        for number, value in enumerate(definition):
            yield from _empty_lists(document, value, (*keys, number))


def _in_correlation(document: Document, correlation: dict[str, Any]) -> Iterator[RuleError]:
    for key in correlation.keys() - CORRELATION_KEYS:
        yield document.error(
            f"correlations know no key `{key}`",
            "correlation",
            key,
            hint=f"the keys are {', '.join(sorted(CORRELATION_KEYS))}",
        )
