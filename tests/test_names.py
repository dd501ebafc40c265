"""Names of the house: each says what it stands for, and no two things have one."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.imports import AGENT, EVERYWHERE, FILES, TESTS, name

SAYS_NOTHING = {"one", "some", "those", "these", "mine", "more", "others", "it"}
"""What a variable, an attribute or an argument is not called: the thing that it holds has a name."""

SIBLINGS = {"AlertChange", "Memory", "OpenAlert"}
"""Classes of one name and one meaning, in rooms that lie side by side: alerts of rules, correlations and baselines."""


def stored_names(path: Path) -> Iterator[str]:
    """Names that a file gives to values."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Name(given, ast.Store()) | ast.Attribute(_, given, ast.Store()) | ast.arg(given):
                yield given.strip("_")


def test_variables_are_called_by_what_they_hold() -> None:
    """`correlation` or `alert`, never `one`."""
    found = [f"{name(path)}: {word}" for path in EVERYWHERE for word in SAYS_NOTHING & set(stored_names(path))]
    assert found == []


def test_a_class_name_has_one_meaning() -> None:
    """No two classes of agent have one name, but for parallel ones in rooms side by side."""
    places: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(name(path))
    assert {title for title, files in places.items() if len(files) > 1} == SIBLINGS


def test_tests_use_what_is_public() -> None:
    """A name with an underscore may change with its file."""
    private = [
        f"{name(path)}: {node.module}.{alias.name}"
        for path in sorted(TESTS.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "agent"
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.startswith("__")
    ]
    assert private == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    """Nothing is called util, helper, manager, base, common or core."""
    empty = {"util", "utils", "helper", "helpers", "manager", "base", "common", "core", "misc"}
    assert [name(path) for path in EVERYWHERE if empty & {*path.relative_to(AGENT.parent).with_suffix("").parts}] == []
