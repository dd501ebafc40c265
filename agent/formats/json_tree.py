"""Dotted names of columns as the nested keys of a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Tree = Mapping[str, Any]
"""Keys to trees, or to the name of a column."""

_KEPT = 256
"""Trees that are remembered: an org logs some 70 types of events, in two or three headers each, and a tree has 10 kB."""


@dataclass(frozen=True, slots=True)
class ColumnTree:
    """Where columns stand in a document. `is_plain`: each at its own name, so that none moves if others are not there."""

    tree: Tree
    is_plain: bool

    @classmethod
    def of(cls, names: Sequence[str]) -> ColumnTree:
        """Dotted column names, in any order, as nested keys in order."""
        return _column_tree(tuple(names))


def tree(names: Sequence[str]) -> Tree:
    """As `ColumnTree.of`, only the tree."""
    return ColumnTree.of(names).tree


@lru_cache(maxsize=_KEPT)
def _column_tree(names: tuple[str, ...]) -> ColumnTree:
    placed = _places(names)
    root: dict[str, Any] = {}
    for place, name in sorted((place, name) for name, place in placed.items()):
        *path, last = place.split(".")
        node = root
        for key in path:
            node = node.setdefault(key, {})
        node[last] = name
    return ColumnTree(root, is_plain=all(name == place for name, place in placed.items()))


def _places(names: Sequence[str]) -> dict[str, str]:
    """Column names to dotted places, no two the same and none above another."""
    objects = {".".join(parts[:n]) for parts in (name.split(".") for name in names) for n in range(1, len(parts))}
    placed: dict[str, str] = {name: name for name in names if name not in objects}
    for name in objects.intersection(names):
        place = f"{name}.value"
        while place in objects or place in placed:
            place += "_"
        placed[name] = place
    return placed
