"""Whether two JSON values are one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_same(before: Any, after: Any) -> bool:
    """As `==`, but that true is not 1 and false is not 0, at any depth."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return before.keys() == after.keys() and all(is_same(value, after[key]) for key, value in before.items())
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(is_same, before, after))
    return isinstance(before, bool) == isinstance(after, bool) and bool(before == after)
