"""The YAML of a settings file to plain values, within bounds of size, depth and number.

A message never shows what stands in the file, only where: a secret may have been put there by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from agent.detection.sigma.yaml_keys import repeated
from agent.errors import SettingsError

LARGEST = 1 << 20
"""Bytes of a settings file."""
DEEPEST = 32
"""Levels of mappings and lists; settings need eight."""
MOST_VALUES = 100_000
"""Values and keys, with what aliases repeat: eight lines of aliases of aliases make a thousand million."""

_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")} | {
    "tag:yaml.org,2002:merge"
}


def read_document(path: Path) -> Any:
    """The values of a settings file. Raises SettingsError with the line, where there is one."""
    text = _text(path)
    try:
        _require_shallow(text, path)
        loader = yaml.CSafeLoader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return None
            _require_small(root, path)
            _require_unique_keys(root, path)
            return loader.construct_document(root)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(path, error.problem or error.context or "", error.problem_mark or error.context_mark) from error
    except yaml.YAMLError as error:
        raise _not_yaml(path, str(error).splitlines()[0], None) from error
    except ValueError as error:  # a date such as 2026-02-30, a number of 5,000 digits
        raise _not_yaml(path, f"a number or date cannot be read: {error}", None) from error
    except (LookupError, AttributeError, OverflowError) as error:  # `!!bool maybe`, `!!timestamp soon`
        raise _not_yaml(path, "a value is not what its tag says", None) from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror})", hint="name it with -c") from error
    if len(content) > LARGEST:
        raise SettingsError(f"{path} is larger than {LARGEST >> 20} MB", hint="name the settings file with -c")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        hint = "save it as plain text in UTF-8"
        raise SettingsError(f"{path}:{line}: this is not valid UTF-8 ({error.reason})", hint=hint) from error


def _require_shallow(text: str, path: Path) -> None:
    """Before anything is built from it: building is recursive."""
    depth = 0
    for event in yaml.parse(text, yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _too_deep(path, event.start_mark)


def _require_small(root: yaml.Node, path: Path) -> None:
    """What aliases repeat counts each time; an alias of what it stands in is refused as too deep."""
    known: dict[int, tuple[int, int]] = {}

    def measure(node: yaml.Node, depth: int) -> tuple[int, int]:
        """(values, levels) of a node."""
        if node.tag not in _TAGS:
            raise _not_yaml(path, "a tag is not allowed here", node.start_mark)
        if depth > DEEPEST + 1:
            raise _too_deep(path, node.start_mark)
        if id(node) not in known:
            below = [measure(child, depth + 1) for child in _children(node)]
            known[id(node)] = 1 + sum(size for size, _ in below), 1 + max((height for _, height in below), default=0)
        size, height = known[id(node)]
        if size > MOST_VALUES:
            hint = "write out what its aliases repeat"
            raise SettingsError(f"{path}: it holds more than {MOST_VALUES:,} values", hint=hint)
        if depth + height > DEEPEST + 2:
            raise _too_deep(path, node.start_mark)
        return size, height

    measure(root, 1)


def _require_unique_keys(root: yaml.Node, path: Path) -> None:
    for first, second in repeated(root):
        if second.value == "<<":  # YAML merges them all
            continue
        hint = "put what they hold under one of them: only the last one would count"
        message = f"duplicate key `{second.value}` (first at line {first.start_mark.line + 1})"
        raise SettingsError(f"{_at(path, second.start_mark)}: {message}", hint=hint)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    for entry in node.value if isinstance(node, yaml.CollectionNode) else ():
        if isinstance(entry, tuple):
            yield from entry
        else:
            yield entry


def _too_deep(path: Path, mark: Any) -> SettingsError:
    hint = "close the brackets, or take out the alias that contains itself"
    return SettingsError(f"{_at(path, mark)}: nested more than {DEEPEST} levels deep", hint=hint)


def _not_yaml(path: Path, problem: str, mark: Any) -> SettingsError:
    shown = re.sub(r"'[^']{2,}'|\"[^\"]{2,}\"", "a value", " ".join(problem.split()))
    where = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
    hint = "values that begin with one of @ ` * & ! % { [ belong in quotes; indent with blanks"
    return SettingsError(f"{path} is not YAML: {shown}{where}", hint=hint)


def _at(path: Path, mark: Any) -> str:
    return f"{path}:{mark.line + 1}" if mark else str(path)
