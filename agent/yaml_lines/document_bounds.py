"""Bounds of size and depth for a YAML document, held before anything is built from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import yaml

from agent.yaml_lines.nodes import children, compose


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a document may hold."""

    depth: int
    """Levels of mappings and lists."""
    values: int
    """Values and keys, with what aliases repeat."""
    tags: frozenset[str]
    """Tags that values may have."""


class OutOfBounds(Exception):
    """A document holds more than it may; `mark` is where, if that is known."""

    def __init__(self, bound: Literal["depth", "values", "tags"], mark: Any = None) -> None:
        super().__init__(bound)
        self.bound = bound
        self.mark = mark


def compose_within(text: str, bounds: Bounds) -> yaml.Node | None:
    """As `compose`. Raises OutOfBounds and YAMLError."""
    _require_shallow(text, bounds)
    root = compose(text)
    if root is not None:
        _require_small(root, bounds)
    return root


def _require_shallow(text: str, bounds: Bounds) -> None:
    """By events, before there are nodes: making nodes is recursive."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > bounds.depth:
            raise OutOfBounds("depth", event.start_mark)


def _require_small(root: yaml.Node, bounds: Bounds) -> None:
    """What aliases repeat counts each time: eight lines of aliases of aliases make a thousand million values. An alias of
    what it stands in has no bottom, and is too deep.
    """
    known: dict[int, tuple[int, int]] = {}

    def measure(node: yaml.Node, depth: int) -> tuple[int, int]:
        """(values, levels) of a node, itself included."""
        if node.tag not in bounds.tags:
            raise OutOfBounds("tags", node.start_mark)
        # `depth` collections may lie around each other, and the innermost may hold scalars: one level more.
        if depth > bounds.depth + 1:
            raise OutOfBounds("depth", node.start_mark)
        if id(node) not in known:
            below = [measure(child, depth + 1) for child in children(node)]
            known[id(node)] = (
                1 + sum(values for values, _ in below),
                1 + max((levels for _, levels in below), default=0),
            )
        values, levels = known[id(node)]
        if values > bounds.values:
            raise OutOfBounds("values")
        # The node itself is counted in both, so that the sum is one more than the levels from the root down.
        if depth + levels > bounds.depth + 2:
            raise OutOfBounds("depth", node.start_mark)
        return values, levels

    measure(root, 1)
