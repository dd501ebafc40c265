"""`baseline`: rows of some rules against what went before; an extension of ours."""

from __future__ import annotations

from typing import get_args

from agent.detection.authoring.rule_schema.values import (
    ALIASES,
    TEXT,
    TEXT_OR_TEXTS,
    TRUTH,
    Schema,
    described,
    one_of,
    optional_list,
    span,
)
from agent.detection.baseline.baseline import Newcomers, Season
from agent.detection.baseline.kind import Kind
from agent.detection.baseline.kinds import KINDS
from agent.detection.baseline.reading.document import SHARED
from agent.duration import written

_SPAN = span("mhdw", digits=6)

_KEYS: dict[str, Schema] = {
    "rules": described(TEXT_OR_TEXTS, "Ids or names of the rules whose rows count."),
    "group-by": optional_list("Fields; each combination of their values has a past of its own."),
    "aliases": ALIASES,
    "generate": described(TRUTH, "Whether the rules raise alerts of their own too."),
    "wait": described(_SPAN, "How late rows may come: 30h for log files, 6h otherwise, unless stated."),
    "timespan": described(_SPAN, "The window, or the least pause."),
    "step": described(_SPAN, "How far the window moves on; the timespan unless stated."),
    "history": described(_SPAN, "How far back it remembers."),
    "minimum-history": described(_SPAN, "How long something must have been known before anything is said of it."),
    "once-per": described(_SPAN, "A group has one alert in so much time."),
    "season": one_of([word for word in get_args(Season) if word], "Compare only the same hour of other days or weeks."),
    "newcomers": one_of(get_args(Newcomers), "Groups without a past wait, or are held against their peers."),
}


def _default(kind: Kind, key: str) -> str:
    """What holds if a document does not name `key`; empty where that depends on something else, or it must be named."""
    spans = {"timespan": kind.timespan, "history": kind.history, "minimum-history": kind.minimum}
    value = spans.get(key)
    return written(value) if value is not None else ""


def _condition(kind: Kind) -> Schema:
    properties: Schema = {name: {"type": "number", "minimum": 0} for name in kind.bounds}
    if kind.field:
        properties["field"] = TEXT
    needed = [{"anyOf": [_above_zero(name) for name in names]} for names in kind.needed_bounds]
    return {
        "type": "object",
        "description": "What must hold.",
        "properties": properties,
        "additionalProperties": False,
        "required": ["field"] if kind.field == "compared" else [],
        **({"allOf": needed} if needed else {}),
    }


def _above_zero(name: str) -> Schema:
    return {"required": [name], "properties": {name: {"exclusiveMinimum": 0}}}


def _of(kind: Kind) -> Schema:
    """The keys of one kind of baseline."""
    keys = sorted((SHARED | kind.keys) - {"type", "condition"})
    properties: Schema = {"type": {"const": kind.name}, "condition": _condition(kind)}
    for key in keys:
        default = _default(kind, key)
        properties[key] = {**_KEYS[key], "default": default} if default else _KEYS[key]
    asked = ["type", "rules"]
    asked += ["timespan"] if "timespan" in kind.keys and kind.timespan is None else []
    asked += ["condition"] if kind.field == "compared" or kind.needed_bounds else []
    return {
        "type": "object",
        "description": (type(kind).__doc__ or "").strip(),
        "required": asked,
        "properties": properties,
        "additionalProperties": False,
    }


BASELINE: Schema = {
    "description": "Rows of some rules, grouped, held against their own past.",
    "oneOf": [{"$ref": f"#/definitions/{name}"} for name in KINDS],
}

DEFINITIONS: Schema = {name: _of(kind) for name, kind in KINDS.items()}
