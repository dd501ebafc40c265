"""`detection` and `filter`: selections of fields with modifiers and values, and a condition over their names."""

from __future__ import annotations

from collections.abc import Sequence

from sigma.modifiers import modifier_mapping

from agent.detection.authoring.rule_schema.values import TEXT_OR_TEXTS, Schema, described
from agent.detection.sigma import modifiers
from agent.detection.sigma.strict import TIME_PARTS

modifiers.register()

COMPARISONS = ("lt", "lte", "gt", "gte")
OF_ANY_VALUE = frozenset({"all", "neq"})
"""Modifiers that go with every kind of value."""

NOT_OF_TEXT = frozenset({"exists", *COMPARISONS, *TIME_PARTS, *OF_ANY_VALUE})

_CONDITION: Schema = {"type": "string", "pattern": r"^(?=[\s\S]*\S)[^|]*$"}
"""Names of selections with and, or, not. A pipe would be an old aggregation, which a correlation replaces."""


def _values(*kinds: str) -> Schema:
    """A value of one of these JSON types, or a list of them."""
    value: Schema = {"type": list(kinds)} if len(kinds) > 1 else {"type": kinds[0]}
    return {"anyOf": [value, {"type": "array", "minItems": 1, "items": value}]}


def _each(schema: Schema) -> Schema:
    """What holds of a text, or of each of a list."""
    return {**schema, "items": schema}


def _with(names: frozenset[str] | tuple[str, ...]) -> str:
    """A pattern of items that have one of these modifiers."""
    return rf"\|({'|'.join(sorted(names))})(\||$)"


_NO_WILDCARD: Schema = {"pattern": r"^([^*?\\]|\\.)*$"}


def _after(later: Sequence[str], *earlier: str) -> str:
    """A pattern of items in which one of `later` stands somewhere behind one of `earlier`."""
    return rf"\|({'|'.join(earlier)})\|(.*\|)?({'|'.join(later)})(\||$)"


_WIDE = ("utf16le", "utf16be", "wide")
_ENCODED = ("base64", "base64offset")

_WRONG_CHAINS = (
    r"^[^|]*(\|(?!re(\||$))[^|]+)*\|(i|ignorecase|m|multiline|s|dotall)(\||$)",  # these stand behind `re`
    r"\|[^|]+\|(cidr|re|exists)(\||$)",  # these come first
    r"^\|(.*\|)?exists",  # of what field?
    r"\|utf16(?!.*\|(base64|fieldref))(\||$)",  # its byte order mark is not text
    _after((*COMPARISONS, *sorted(TIME_PARTS)), *COMPARISONS),
    _after(("fieldref", *_ENCODED), "contains", "startswith", "endswith", "re", "fieldref", "cidr"),
    _after(("windash", *_WIDE), "re", "fieldref", "cidr"),
    _after(("startswith", "endswith"), "re", "cidr"),
    _after(("contains",), "cidr"),
    _after(("cased",), "re", "cidr", "fieldref"),
    _after(("fieldref",), "cased"),
    _after(("expand",), "fieldref"),
)
"""Modifiers that do not go with those before them."""


def _item() -> Schema:
    """A map of `FIELD|modifier|modifier` to values."""
    known = frozenset(modifier_mapping)
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {
            "pattern": rf"^[^|]*(\|({'|'.join(sorted(known))}))*$",
            "not": {"anyOf": [{"pattern": chain} for chain in _WRONG_CHAINS]},
        },
        "patternProperties": {
            _with(known - NOT_OF_TEXT): _values("string"),
            _with(COMPARISONS): _values("number"),
            _with(TIME_PARTS): _values("integer"),
            _with(("base64", "base64offset", "fieldref")): _each(_NO_WILDCARD),
            _with(("cidr",)): _each({"pattern": "^([0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*(/[0-9]+)?|.*%.*)$"}),
            r"\|(utf16|utf16be|utf16le|wide)(?!.*\|base64)": _each({"pattern": r"^[\x00-\x7f]*$"}),
            _with(("exists",)): {"type": "boolean"},
            # A keyword under modifiers has no name of a field: `|all: [a, b]`.
            r"^(?!\|exists)": _values("string", "number", "boolean", "null"),
        },
    }


DEFINITIONS: Schema = {
    "selection": {
        "description": "Fields and values that all must hold, a list of such maps one of which must hold, or keywords.",
        "anyOf": [
            {"$ref": "#/definitions/items"},
            {"type": ["number", "boolean"]},
            {"type": "string", "minLength": 1},
            {
                "type": "array",
                "minItems": 1,
                "items": {
                    "anyOf": [
                        {"$ref": "#/definitions/items"},
                        {"type": ["number", "boolean", "null"]},
                        {"type": "string", "minLength": 1},
                    ]
                },
            },
        ],
    },
    "items": _item(),
}

_SELECTIONS: Schema = {"$ref": "#/definitions/selection"}

DETECTION: Schema = {
    "type": "object",
    "description": "Selections by their names, and `condition`, which says how they are combined.",
    "required": ["condition"],
    "minProperties": 2,
    "properties": {
        "condition": {
            "description": "Names of selections with and, or, not, parentheses, `1 of x*`, `all of x*`; a list is an or.",
            "anyOf": [_CONDITION, {"type": "array", "minItems": 1, "items": _CONDITION}],
        },
        "timeframe": False,
    },
    "additionalProperties": _SELECTIONS,
}

FILTER: Schema = {
    "type": "object",
    "description": "A condition that is joined with `and` to the rules that it names.",
    "required": ["rules", "condition"],
    "minProperties": 3,
    "properties": {
        "rules": described(TEXT_OR_TEXTS, "Ids or names of rules, or `any`."),
        "condition": described(_CONDITION, "`not selection` lets things pass."),
        "timeframe": False,
    },
    "additionalProperties": _SELECTIONS,
}
