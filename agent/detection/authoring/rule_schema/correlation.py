"""`correlation`: how many rows of which rules, within which time."""

from __future__ import annotations

from itertools import product
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
from agent.detection.correlation.definition.condition import OPERATORS
from agent.detection.correlation.definition.correlation import NUMERIC, Kind

TEMPORAL = ("temporal", "temporal_ordered")

SPAN = span("smhdwMy", digits=10)


def _bounds() -> Schema:
    """One operator, or a lower and an upper one."""
    allowed: list[set[str]] = [{name} for name in OPERATORS]
    allowed += [{lower, upper} for lower, upper in product(("gt", "gte"), ("lt", "lte"))]
    return {
        "type": "object",
        "description": "An operator with a number, or a range of two: {gt: 5, lte: 9}.",
        "properties": {
            **{name: {"type": "number", "minimum": 0} for name in OPERATORS},
            "field": described(TEXT_OR_TEXTS, "value_…: the field whose values are counted, added up or compared."),
            "percentile": {"type": "number", "minimum": 0, "maximum": 100},
        },
        "additionalProperties": False,
        "oneOf": [
            {
                "required": sorted(names),
                "not": {"anyOf": [{"required": [other]} for other in OPERATORS if other not in names]},
            }
            for names in allowed
        ],
    }


def _if_type(kinds: tuple[str, ...], condition: Schema, *, required: bool = True) -> Schema:
    then: Schema = {"properties": {"condition": condition}}
    if required:
        then["required"] = ["rules", "condition"]
    return {"if": {"required": ["type"], "properties": {"type": {"enum": list(kinds)}}}, "then": then}


_NO_FIELD: Schema = {"properties": {"field": False}}
_NO_PERCENTILE: Schema = {"properties": {"percentile": False}}

CORRELATION: Schema = {
    "type": "object",
    "description": "Rows of some rules, grouped, counted within a timespan that slides over the time of the events.",
    "required": ["type", "timespan"],
    "properties": {
        "type": one_of(get_args(Kind), "What is counted."),
        "rules": described(TEXT_OR_TEXTS, "Ids or names of the rules and correlations whose rows count."),
        "group-by": optional_list("Fields; each combination of their values is counted separately."),
        "timespan": described(SPAN, "The window, up to 100 years: a number with s, m, h, d, w, M (months) or y."),
        "condition": {
            "anyOf": [{"$ref": "#/definitions/bounds"}, TEXT],
            "description": "Numbers; or, for temporal ones, the names of rules with and, or, not.",
        },
        "aliases": ALIASES,
        "generate": described(TRUTH, "Whether the rules raise alerts of their own too."),
    },
    "additionalProperties": False,
    # A list of rules may be left out where the condition names them.
    "anyOf": [{"required": ["rules"]}, {"properties": {"condition": {"type": "string"}}, "required": ["condition"]}],
    "allOf": [
        _if_type(("event_count",), {"type": "object", "allOf": [_NO_FIELD, _NO_PERCENTILE]}),
        _if_type(("value_count",), {"type": "object", "required": ["field"], **_NO_PERCENTILE}),
        _if_type(NUMERIC, {"type": "object", "required": ["field"], "properties": {"field": TEXT}}),
        _if_type(tuple(kind for kind in NUMERIC if kind != "value_percentile"), _NO_PERCENTILE),
        _if_type(("value_percentile",), {"required": ["percentile"]}),
        _if_type(TEMPORAL, {"allOf": [_NO_FIELD, _NO_PERCENTILE]}, required=False),
    ],
}

DEFINITIONS: Schema = {"bounds": _bounds()}
