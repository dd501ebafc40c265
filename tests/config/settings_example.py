"""The example settings file, read with its comments: which setting of which component it shows, where, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from agent.config.settings import Settings
from agent.config.settings_location import ExpectedType

EXAMPLE = Path(__file__).parents[2] / "packaging" / "leakline.example.yaml"

_COMMENTED = re.compile(r"^( *)# ( *(?:- )?[a-zA-Z_]+:( .*)?)$")
ALTERNATIVE = "# or: "
"""Begins the explanation of a setting that stands in place of another one."""


@dataclass(frozen=True)
class Shown:
    """One setting as the example shows it."""

    component: type[BaseModel]
    key: str
    value: Any
    line: int
    explained: bool
    """Whether a comment stands beside it or on the line before it."""


def uncommented(text: str, *, alternatives: bool) -> str:
    """The example with every setting that is commented out put in force, line for line."""
    lines = []
    for line in text.splitlines():
        found = _COMMENTED.match(line)
        kept = f"{found[1]}{found[2]}" if found else line
        lines.append("" if not alternatives and ALTERNATIVE in line else kept)
    return "\n".join(lines) + "\n"


def shown(text: str) -> list[Shown]:
    """Every setting of the example, in force or commented out."""
    whole = uncommented(text, alternatives=True)
    root = yaml.compose(whole, yaml.SafeLoader)
    assert root is not None
    lines = whole.splitlines()
    return list(_below(root, ExpectedType.of(Settings), lines))


class _LoaderWithoutMerges(yaml.SafeLoader):
    """Merging would change a node that was composed already; the example has no merges."""

    def flatten_mapping(self, _: yaml.MappingNode) -> None: ...


def _below(node: yaml.Node, expected: ExpectedType | None, lines: list[str]) -> Iterator[Shown]:
    if expected is None:
        return
    if isinstance(node, yaml.SequenceNode):
        for number, entry in enumerate(node.value):
            yield from _below(entry, expected.below(number), lines)
    elif isinstance(node, yaml.MappingNode):
        if expected.tags:
            tags = [value.value for key, value in node.value if key.value == expected.tag_key]
            expected = ExpectedType.of(expected.tags[tags[0]])
        elif expected.members:
            expected = next(ExpectedType.of(member) for member in expected.members if ExpectedType.of(member).model)
        for key, value in node.value:
            if expected.model is not None:
                yield _shown(expected.model, key, value, lines)
            yield from _below(value, expected.below(key.value), lines)


def _shown(component: type[BaseModel], key: yaml.Node, value: yaml.Node, lines: list[str]) -> Shown:
    content = _LoaderWithoutMerges("").construct_object(value, deep=True)
    number = key.start_mark.line
    explained = " # " in lines[number] or lines[number - 1].lstrip().startswith("#")
    return Shown(component, key.value, content, number + 1, explained)
