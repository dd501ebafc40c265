"""Keys that stand twice in one mapping of a YAML document: YAML keeps the last one and says nothing."""

from __future__ import annotations

from collections.abc import Iterator

import yaml


def repeated(node: yaml.Node | None) -> Iterator[tuple[yaml.ScalarNode, yaml.ScalarNode]]:
    """The first and a later one of equal keys; shared (aliased) nodes are looked at once."""
    seen: set[int] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if id(current) in seen or not isinstance(current, yaml.CollectionNode):
            continue
        seen.add(id(current))
        keys: dict[str, yaml.ScalarNode] = {}
        for entry in current.value:
            key, value = entry if isinstance(entry, tuple) else (None, entry)
            if isinstance(key, yaml.ScalarNode):
                if key.value in keys:
                    yield keys[key.value], key
                keys.setdefault(key.value, key)
            waiting.append(value)
