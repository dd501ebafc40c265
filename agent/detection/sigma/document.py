"""YAML documents that know the line each of their keys stands on."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sigma.collection import deep_dict_update
from sigma.exceptions import SigmaError
from sigma.rule.base import check_alias_expansion

from agent.errors import RuleError
from agent.yaml_lines.nodes import construct, descendants, duplicate_keys, line_of


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its content and where it stands."""

    path: Path
    data: dict[str, Any]
    node: yaml.MappingNode

    @property
    def line(self) -> int:
        return self.line_of()

    def line_of(self, *keys: str | int) -> int:
        """The line of the innermost of nested `keys` that is there; lists are entered by number. Counted from 1."""
        return line_of(self.node, keys)

    def error(self, message: str, *keys: str | int, hint: str = "") -> RuleError:
        return RuleError(self.path, self.line_of(*keys), message, hint=hint)


def read(path: Path) -> Iterator[Document | RuleError]:
    """The file's documents, as `parse` gives them."""
    try:
        data = path.read_bytes()
    except OSError as error:
        yield RuleError(path, 1, f"cannot be read ({error.strerror})")
        return
    yield from parse(data, path)


def parse(data: bytes, path: Path) -> Iterator[Document | RuleError]:
    """A file's documents, old `action: global | reset | repeat` ones resolved; an error ends the file."""
    template: dict[str, Any] = {}
    previous: dict[str, Any] = {}
    for document in _documents(data, path):
        if isinstance(document, RuleError):
            yield document
            return
        action = document.data.pop("action", None)
        match action:
            case None:
                previous = document.data if _stands_alone(document.data) else _over(document.data, template)
                yield Document(path, previous, document.node)
            case "global":
                template = previous = document.data
            case "reset":
                template = {}
            case "repeat":
                previous = _over(previous, document.data)
                yield Document(path, previous, document.node)
            case _:
                yield document.error(
                    f"there is no action {action!r}", "action", hint="write global, reset or repeat, or remove it"
                )


def _documents(data: bytes, path: Path) -> Iterator[Document | RuleError]:
    """Each document by itself, unmerged."""
    try:
        loader = yaml.CSafeLoader(data)
    except yaml.YAMLError as error:
        yield RuleError(path, 1, f"cannot be read ({error})")
        return
    try:
        while loader.check_node():
            yield from _document(path, loader)
    except yaml.reader.ReaderError as error:
        line = data.count(b"\n", 0, error.position) + 1
        yield RuleError(path, line, f"is not valid YAML: {error.reason}", hint="save it as plain text in UTF-8")
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date such as 2026-02-30
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or str(error)
        yield RuleError(path, mark.line + 1 if mark else 1, f"is not valid YAML: {reason}")
    finally:
        loader.dispose()


def _document(path: Path, loader: yaml.CSafeLoader) -> Iterator[Document | RuleError]:
    node = loader.get_node()
    if node is None:
        return
    twice = next((key for _, key in duplicate_keys(node) if key.value != "<<"), None)
    if twice is not None:
        line = twice.start_mark.line + 1
        yield RuleError(
            path,
            line,
            f"the key {twice.value!r} is given twice",
            hint="remove one of them: YAML would keep the last one only",
        )
        return
    try:
        data = construct(node)
    except ValueError as error:
        yield RuleError(path, _impossible(node), f"is not valid YAML: {error}", hint="put it in quotes")
        return
    if data is None:
        return
    if not isinstance(data, dict) or not isinstance(node, yaml.MappingNode):
        yield RuleError(path, node.start_mark.line + 1, "is not a rule", hint="write a mapping with a title")
        return
    try:  # before anything walks it as a tree
        check_alias_expansion(data)
    except SigmaError as error:
        yield RuleError(path, node.start_mark.line + 1, str(error), hint="write the values out")
        return
    yield Document(path, data, node)


def _impossible(node: yaml.Node) -> int:
    """The line of the first scalar that looks like a time and is none, such as 2026-02-30."""
    # PyYAML makes the values of a mapping before those of what is in them: so the first one is that of its message.
    for scalar in descendants(node, breadth_first=True):
        if isinstance(scalar, yaml.ScalarNode):
            try:
                yaml.SafeLoader("").construct_object(scalar)
            except ValueError:
                return scalar.start_mark.line + 1
    return node.start_mark.line + 1


def _stands_alone(data: dict[str, Any]) -> bool:
    """Correlations, baselines and filters take nothing from a global document."""
    return "correlation" in data or "baseline" in data or "filter" in data


def _over(data: dict[str, Any], added: dict[str, Any]) -> dict[str, Any]:
    """A document with the keys of another, which count where both have them."""
    return deep_dict_update(copy.deepcopy(data), copy.deepcopy(added)) if added else data
