"""Where the keys of a YAML document stand, as JSON can say it: what `line_of` needs, and nothing of its values."""

from __future__ import annotations

from typing import Any

import yaml

_TAG = ""
"""Nobody constructs values from these nodes."""


def outline(node: yaml.Node) -> Any:
    """A scalar is its line, a list `[line, entries]`, a mapping `[line, keys, lines of the keys, values]`, keys that are no
    scalars left out; lines are counted from 0. `node`: without circles.
    """
    line = node.start_mark.line
    if isinstance(node, yaml.MappingNode):
        named = [(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]
        lines, values = [key.start_mark.line for key, _ in named], [outline(value) for _, value in named]
        return [line, [key.value for key, _ in named], lines, values]
    if isinstance(node, yaml.SequenceNode):
        return [line, [outline(entry) for entry in node.value]]
    return line


def of_outline(said: Any) -> yaml.Node:
    """Nodes of which `line_of` says what it says of the node that the outline is of. Raises TypeError and ValueError for what
    `outline` never said.
    """
    match said:
        case int():
            return yaml.ScalarNode(_TAG, "", _mark(said))
        case [int() as line, list() as values]:
            return yaml.SequenceNode(_TAG, [of_outline(value) for value in values], _mark(line))
        case [int() as line, list() as keys, list() as lines, list() as values]:
            names = [yaml.ScalarNode(_TAG, key, _mark(at)) for key, at in zip(keys, lines, strict=True)]
            return yaml.MappingNode(_TAG, list(zip(names, map(of_outline, values), strict=True)), _mark(line))
        case _:
            raise ValueError(said)


def _mark(line: int) -> yaml.Mark:
    return yaml.Mark("", 0, line, 0, None, 0)
