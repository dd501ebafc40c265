"""Extension keys of our own: a field's name as a CEF key, and back.

    salesforce.row_count        salesforceRowCount
    leakline.alert.event_ids    leaklineAlert_eventIds
    source.geo.city_name        ecsSource_geo_cityName

The key begins with `salesforce` or `leakline` where the field does, with `ecs` in front of any other, so none is a key
of the CEF dictionary. Behind that `_x` becomes `X` and `.x` becomes `_x` for a lower-case letter x, `_1` stays as it is;
any other `_` is doubled, and any other character is its code point in hexadecimal digits as `_X2e_`. All of it is in
[A-Za-z0-9_], which every reader of CEF takes for a key, and no two fields have the same key.
"""

from __future__ import annotations

import re
from functools import lru_cache

ROOTS = ("salesforce", "leakline", "ecs")
"""What keys begin with, in the order in which a line has them: the event's own meaning before what was added to it."""

_TO_KEY = re.compile(r"_([a-z])|_([0-9])|(_)|\.([a-z])|[a-z0-9]|(.)", re.DOTALL)
_TO_FIELD = re.compile(r"_X([0-9a-f]+)_|(__)|(_[0-9])|_([a-z])|([A-Z])|[a-z0-9]")


@lru_cache(maxsize=10_000)
def own_key(field: str) -> str:
    """The key of a field (a dotted name of a shaped frame)."""
    root, dot, rest = field.partition(".")
    if root in ROOTS[:-1] and dot:
        return root + _TO_KEY.sub(_in_key, "_" + rest)
    return ROOTS[-1] + _TO_KEY.sub(_in_key, "_" + field)


def field_of(key: str) -> str:
    """The field whose key this is. Raises ValueError for a key that `own_key` does not make."""
    root = next((root for root in ROOTS if key.startswith(root)), "")
    inside = key.removeprefix(root)
    if not root or _TO_FIELD.sub("", inside):
        raise ValueError(f"{key} is not a key of Leakline's own")
    field = _TO_FIELD.sub(_in_field, inside).removeprefix("_")
    return field if root == ROOTS[-1] else f"{root}.{field}"


def _in_key(found: re.Match[str]) -> str:
    letter, digit, line, below, other = found.groups()
    if other:
        return f"_X{ord(other):x}_"
    if line:
        return "__"
    if letter:
        return str(letter.upper())
    return f"_{below or digit}" if below or digit else found[0]


def _in_field(found: re.Match[str]) -> str:
    code, line, digit, below, letter = found.groups()
    if code:
        return chr(int(code, 16))
    if line:
        return "_"
    if below:
        return f".{below}"
    return f"_{letter.lower()}" if letter else digit or found[0]
