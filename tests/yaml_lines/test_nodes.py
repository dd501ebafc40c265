"""YAML read with lines: keys that are given twice, the line of any key, and bounds."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from agent.yaml_lines.document_bounds import Bounds, OutOfBounds, compose_within
from agent.yaml_lines.nodes import compose, construct, descendants, duplicate_keys, line_of

TAGS = frozenset(f"tag:yaml.org,2002:{tag}" for tag in ("map", "seq", "str", "int"))
WIDE = Bounds(depth=9, values=1000, tags=TAGS)

DOCUMENTS: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


def composed(text: str) -> yaml.Node:
    root = compose(text)
    assert root is not None
    return root


def ways(value: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The way to each value in a document."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(found for key, child in below for found in ways(child, (*way, key)))]


@given(DOCUMENTS)
def test_values_are_those_of_yaml(document: Any) -> None:
    """What is written comes back, and within its own size and depth nothing is out of bounds."""
    text = yaml.safe_dump(document)
    root = compose_within(text, WIDE)
    assert root is not None
    assert construct(root) == document
    assert list(duplicate_keys(root)) == []


@given(DOCUMENTS)
def test_each_key_has_the_line_it_is_on(document: Any) -> None:
    """In block style every scalar has a line of its own, on which its last key or dash is."""
    text = yaml.safe_dump(document, default_flow_style=False)
    lines = text.splitlines()
    root = composed(text)
    for way in ways(document):
        line = lines[line_of(root, way) - 1]
        if way and isinstance(way[-1], str):
            assert f"{way[-1]}:" in line
        assert line_of(root, (*way, "nothing", 7)) == line_of(root, way)


def test_keys_given_twice_are_found_with_the_first() -> None:
    """In any mapping, and of three equal keys two; equal keys of two mappings are none."""
    root = composed("a: 1\nb:\n  - {c: 1}\n  - {c: 2, d: 1, c: 3}\na: 2\na: 3\n")
    lines = [(first.start_mark.line + 1, later.start_mark.line + 1) for first, later in duplicate_keys(root)]
    assert sorted(lines) == [(1, 5), (1, 6), (4, 4)]


def test_what_contains_itself_is_entered_once() -> None:
    """A walk ends, though an alias names what it stands in."""
    root = composed("&a {b: *a, c: [*a, 1]}")
    assert sum(isinstance(node, yaml.ScalarNode) for node in descendants(root)) == 3
    assert list(duplicate_keys(root)) == []


@pytest.mark.parametrize("depth", [1, 2, 5])
@pytest.mark.parametrize("inside", ["", "1"])
def test_lists_may_be_so_deep(depth: int, inside: str) -> None:
    """As many levels as the bound says, whether or not a scalar is in the innermost; one more is too deep."""
    bounds = Bounds(depth=depth, values=1000, tags=TAGS)
    assert compose_within("[" * depth + inside + "]" * depth, bounds) is not None
    with pytest.raises(OutOfBounds, match="depth"):
        compose_within("[" * (depth + 1) + inside + "]" * (depth + 1), bounds)


@pytest.mark.parametrize(
    ("text", "bound", "line"),
    [
        ("a: 1\nb: !!set {x}", "tags", 2),
        ("a: 1\nb: &b [*b]", "depth", 2),
        ("a: &a [1, 1, 1, 1]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n", "values", None),
    ],
)
def test_what_is_out_of_bounds_is_refused(text: str, bound: str, line: int | None) -> None:
    """A tag that is not allowed, an alias without a bottom, and lists that aliases blow up."""
    with pytest.raises(OutOfBounds) as error:
        compose_within(text, Bounds(depth=9, values=100, tags=TAGS))
    assert error.value.bound == bound
    assert (error.value.mark.line + 1 if error.value.mark else None) == line
