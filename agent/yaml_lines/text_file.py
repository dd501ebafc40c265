"""A YAML file of mappings or lists whose scalars are all text: `N` stays `N`. An error about any key names its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agent.errors import MappingError
from agent.yaml_lines.nodes import Keys, compose, entries, line_of

DEEPEST = 10
"""Levels below the top; mappings need four. An alias of what it stands in would have no end."""


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file's content (dicts, lists, `str`, None for an empty value), and the nodes it was made of."""

    path: Path
    content: dict[str, Any]
    root: yaml.Node

    def line_of(self, *keys: str | int) -> int:
        """The line of the innermost of nested `keys` that the file has."""
        return line_of(self.root, keys)

    def error(self, where: Sequence[str | int], message: str, *, hint: str = "") -> MappingError:
        """An error at the innermost key of `where` that the file has."""
        return MappingError(self.path, self.line_of(*where), message, hint=hint)


def read_yaml(path: Path, data: bytes | None = None) -> YamlFile:
    """`data`: the file's content, if it was read already.

    Raises MappingError for what is not YAML, has no mapping at the top, or gives a key twice.
    """
    try:
        root = compose((path.read_bytes() if data is None else data).decode("utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(path, line, f"not valid YAML ({error.problem})", hint="check quotes and indents") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(path, 1, f"cannot be read ({error})", hint="save it as plain text in UTF-8") from error
    content = _plain(root, (), path) if root is not None else None
    if root is None or not isinstance(content, dict):
        raise MappingError(path, 1, "empty or a list", hint="write lines of `key: value`")
    return YamlFile(path, content, root)


def _plain(node: yaml.Node, where: Keys, path: Path) -> Any:
    """The values of a node that is reached by the keys `where`."""
    if len(where) > DEEPEST:
        hint = "anchors and aliases are not allowed in mappings"
        raise MappingError(path, node.start_mark.line + 1, "nested too deeply", hint=hint)
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, where, path)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(entry, (*where, index), path) for index, entry in enumerate(node.value)]
    quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
    return node.value if quoted or node.value not in ("", "~", "null") else None


def _mapping(node: yaml.MappingNode, where: Keys, path: Path) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value, first in entries(node):
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise MappingError(path, line, "a key is not plain text")
        if first is not None:
            raise MappingError(path, line, f"`{key.value}` is given twice", hint="keep one of them")
        content[key.value] = _plain(value, (*where, key.value), path)
    return content
