"""One alert as it arrives, shortened for a reader: some of its fields, none of them changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from tests.documents.leak_day import RULE, leak_day

SHOWN = (
    "@timestamp",
    "message",
    *("event.kind", "event.action", "event.id", "event.severity", "event.start", "event.end"),
    *("rule.id", "rule.name", "rule.category"),
    "threat.technique.id",
    *("user.id", "user.name", "source.ip", "organization.id"),
    *("leakline.alert.count", "leakline.alert.first_event_id"),
    *("leakline.correlation.type", "leakline.correlation.condition", "leakline.correlation.group"),
    *("leakline.correlation.group_by", "leakline.correlation.group_values"),
    *("leakline.correlation.timespan", "leakline.measure.field", "leakline.measure.value"),
    "leakline.rule.triage",
)
"""Dotted names, in the order in which they are shown; one that the alert does not have is not shown."""

Document = dict[str, Any]


@cache
def whole_alert() -> Document:
    """The alert of `RULE` on the simulated day."""
    alerts = leak_day().documents
    (alert,) = [alert for alert in alerts if alert.get("rule", {}).get("name") == RULE]
    return dict(alert)


def shown_alert() -> str:
    """A block of JSON, and a sentence that says how much is left out."""
    whole = dict(_leaves(whole_alert()))
    kept = [name for name in SHOWN if name in whole]
    document: Document = {}
    for name in kept:
        *path, last = name.split(".")
        below = document
        for key in path:
            below = below.setdefault(key, {})
        below[last] = whole[name]
    text = "\n".join(_lines(document))
    return f"```json\n{text}\n```\n\nThese are {len(kept)} of its {len(whole)} fields, unchanged.\n"


def _lines(document: Document, indent: str = "") -> Iterator[str]:
    """JSON with a member to a line; only what stands below `leakline` is opened, too."""
    yield "{"
    for number, (key, value) in enumerate(document.items(), 1):
        comma = "," if number < len(document) else ""
        if key == "leakline":
            first, *following = _lines(value, f"{indent}  ")
            yield f'{indent}  "{key}": {first}'
            yield from following[:-1]
            yield f"{following[-1]}{comma}"
        else:
            yield f'{indent}  "{key}": {json.dumps(value, ensure_ascii=False)}{comma}'
    yield f"{indent}}}"


def _leaves(document: Document, before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
