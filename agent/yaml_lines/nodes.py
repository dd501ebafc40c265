"""A YAML document as PyYAML's nodes, which know their lines: what is in it, which keys it gives twice, where a key is.

Settings, rules and mappings are read through this. They differ in what they make of the nodes and in the words of their
errors, so nothing here says what is wrong: it finds it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import yaml

Keys = tuple[str | int, ...]
"""The way to a value: keys of mappings, and numbers of entries in lists, counted from 0."""

Entry = tuple[yaml.Node, yaml.Node, yaml.ScalarNode | None]
"""A key of a mapping, its value, and the first key of the same text if that came before it."""


def compose(text: str | bytes) -> yaml.Node | None:
    """The one document of a file; None if there is nothing in it. Raises YAMLError, of two documents as well."""
    return yaml.compose(text, yaml.CSafeLoader)


def construct(root: yaml.Node) -> Any:
    """The values of a document, as YAML 1.1 types them. Raises YAMLError; ValueError for a date that there is not,
    and whatever else PyYAML stumbles over in values that are not what their tags say.
    """
    loader = yaml.CSafeLoader("")
    try:
        return loader.construct_document(root)
    finally:
        loader.dispose()


def children(node: yaml.Node, *, keys: bool = True) -> Iterator[yaml.Node]:
    """The entries of a list, the values of a mapping and, unless `keys` is false, its keys."""
    for entry in node.value if isinstance(node, yaml.CollectionNode) else ():
        if not isinstance(entry, tuple):
            yield entry
        elif keys:
            yield from entry
        else:
            yield entry[1]


def descendants(root: yaml.Node, *, keys: bool = True, breadth_first: bool = False) -> Iterator[yaml.Node]:
    """A node and all below it. A list or mapping that aliases repeat is entered once, for it may contain itself; a scalar
    comes as often as it is named. The last of a list comes first, unless it is `breadth_first`.
    """
    entered: set[int] = set()
    waiting = deque([root])
    while waiting:
        node = waiting.popleft() if breadth_first else waiting.pop()
        if isinstance(node, yaml.CollectionNode):
            if id(node) in entered:
                continue
            entered.add(id(node))
            waiting.extend(children(node, keys=keys))
        yield node


def entries(mapping: yaml.MappingNode) -> Iterator[Entry]:
    """The entries of a mapping in their order. YAML itself would keep the last of equal keys and say nothing."""
    first: dict[str, yaml.ScalarNode] = {}
    for key, value in mapping.value:
        if isinstance(key, yaml.ScalarNode):
            yield key, value, first.get(key.value)
            first.setdefault(key.value, key)
        else:
            yield key, value, None


def duplicate_keys(root: yaml.Node) -> Iterator[tuple[yaml.ScalarNode, yaml.ScalarNode]]:
    """The first and a later one of equal keys, in any mapping of a document."""
    for node in descendants(root, keys=False):
        for key, _, first in entries(node) if isinstance(node, yaml.MappingNode) else ():
            if first is not None and isinstance(key, yaml.ScalarNode):
                yield first, key


def line_of(root: yaml.Node, keys: Keys) -> int:
    """The line of the innermost of nested `keys` that is there, counted from 1. PyYAML counts from 0."""
    node, line = root, root.start_mark.line
    for key in keys:
        found = _entry(node, key)
        if found is None:
            break
        line, node = found[0].start_mark.line, found[1]
    return line + 1


def value_of(mapping: yaml.MappingNode, name: str) -> yaml.Node | None:
    """The value of a key; None if it is not there."""
    return next((value for key, value in mapping.value if key.value == name), None)


def _entry(node: yaml.Node, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """Where a key or an entry of a list begins, and its value."""
    if isinstance(node, yaml.MappingNode):
        return next(((name, value) for name, value in node.value if name.value == key), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None
