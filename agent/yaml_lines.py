"""Reading a YAML file so that an error about any key can name its line. All scalars are text: `N` stays `N`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from agent.errors import MappingError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A file's content (dicts, lists, `str`, None for an empty value) and the line of each of its keys."""

    path: Path
    content: dict[str, Any]
    lines: dict[tuple[str | int, ...], int]

    def error(self, where: Sequence[str | int], message: str, *, hint: str = "") -> MappingError:
        """An error at the innermost key of `where` that the file has."""
        place = tuple(where)
        while place and place not in self.lines:
            place = place[:-1]
        return MappingError(self.path, self.lines.get(place, 1), message, hint=hint)


def read_yaml(path: Path, data: bytes | None = None) -> YamlFile:
    """`data`: the file's content, if it was read already.

    Raises MappingError for what is not YAML, has no mapping at the top, or gives a key twice.
    """
    try:
        text = (path.read_bytes() if data is None else data).decode("utf-8")
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(path, line, f"not valid YAML ({error.problem})", hint="check quotes and indents") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError(path, 1, f"cannot be read ({error})", hint="it must be a text file in UTF-8") from error
    lines: dict[tuple[str | int, ...], int] = {}
    content = _plain(root, (), lines, path) if root is not None else None
    if not isinstance(content, dict):
        raise MappingError(path, 1, "empty or a list", hint="a file of `key: value` lines is wanted")
    return YamlFile(path, content, lines)


def _plain(node: yaml.Node, where: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int], path: Path) -> Any:
    line = node.start_mark.line + 1
    lines.setdefault(where, line)
    if len(where) > 10:
        raise MappingError(path, line, "nested too deeply", hint="anchors and aliases are not used in mappings")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, where, lines, path)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(one, (*where, index), lines, path) for index, one in enumerate(node.value)]
    quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
    return node.value if quoted or node.value not in ("", "~", "null") else None


def _mapping(
    node: yaml.MappingNode, where: tuple[str | int, ...], lines: dict[tuple[str | int, ...], int], path: Path
) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise MappingError(path, line, "a key that is no plain text")
        if key.value in content:
            raise MappingError(path, line, f"`{key.value}` is given twice", hint="keep one of them")
        lines[(*where, key.value)] = line
        content[key.value] = _plain(value, (*where, key.value), lines, path)
    return content
