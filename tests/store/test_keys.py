"""The layout of the state's keys."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.store import keys
from tests.imports import AGENT, FILES, name

WITHIN_DETECTION = (keys.FOLDING, keys.CORRELATION, keys.BASELINE)
"""Detection names its keys from behind `memory/detection/` on: it lies on the floor of the store, and does not know it."""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("org/acme/cursor/acme/event_log_file", keys.CURSOR),
        ("org/acme/memory/acme/event_log_file/known/0AT", keys.MEMORY),
        ("org/acme/memory/detection/folding/x", keys.FOLDING),
        ("org/acme/memory/detection/else", keys.DETECTION),
        ("process/memory/agent/outbox/0000000000000001", keys.OUTBOX),
        ("process/spool/next/alerts", keys.NEXT_BATCH),
        ("state/schema", keys.SCHEMA),
        ("cursor/acme/event_log_file", None),
        ("org/acme/else", None),
    ],
)
def test_every_key_has_one_family(key: str, expected: keys.KeyFamily | None) -> None:
    """The longest prefix decides, and a key outside every family has none."""
    assert keys.family(key) == expected


def test_families_are_told_apart() -> None:
    """No two families have one prefix, and every family says whose it is and what its values are."""
    families = [*keys.OF_A_SHARD, *keys.OUTSIDE_SHARDS]
    assert all(first.prefix != second.prefix for first, second in itertools.combinations(families, 2))
    assert all(family.owner and family.value for family in families)


def test_numbers_are_read_back_in_their_order() -> None:
    """Keys are sorted as text."""
    numbered = [keys.BATCH.key("events", number) for number in (9, 10, 100)]
    assert numbered == sorted(numbered)


def test_shards_do_not_see_each_other() -> None:
    """An org whose name begins as another's, or as the process's, has keys of its own."""
    prefixes = [keys.shard_prefix(name) for name in ("", "acme", "acme.eu", "process", "a")]
    assert not any(a.startswith(b) for a, b in itertools.permutations(prefixes, 2))
    assert [keys.shard_of(f"{prefix}cursor/x") for prefix in prefixes[:2]] == [("", "cursor/x"), ("acme", "cursor/x")]


def texts(path: Path) -> Iterator[str]:
    """What a file says in quotation marks, parts of longer texts too, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told:
            yield node.value


def test_no_key_is_spelt_elsewhere() -> None:
    """A family's prefix stands in `keys` alone: who needs a key asks the family for it."""
    prefixes = [family.prefix for family in (*keys.OF_A_SHARD, *keys.OUTSIDE_SHARDS)] + [keys.ORGS, keys.OF_PROCESS]
    found = [
        f"{name(path)}: {text!r}"
        for path in FILES
        if name(path) != "store/keys.py" and not name(path).startswith("simulator/")
        for text in texts(path)
        if text.startswith(tuple(prefixes))
    ]
    assert found == []


def test_detections_own_names_stay_in_detection() -> None:
    """What detection calls its keys is what `keys` has of them, and stands in the files that own them."""
    for family in WITHIN_DETECTION:
        prefix = keys.DETECTION.rest(family.prefix)
        users = [name(path) for path in FILES if any(text.startswith(prefix) for text in texts(path))]
        assert users
        assert all(user.startswith("detection/") for user in users)


def test_owners_are_there() -> None:
    """Each family names a module that exists."""
    for family in (*keys.OF_A_SHARD, *keys.OUTSIDE_SHARDS):
        module = AGENT.parent.joinpath(*family.owner.split("."))
        assert module.with_suffix(".py").exists(), family


@given(st.text(max_size=4), st.text(max_size=6))
def test_what_follows_a_prefix_begins_otherwise(prefix: str, other: str) -> None:
    """All texts with the prefix lie from it up to what follows it, and no other does: in the order of code points."""
    end = keys.following(prefix)
    assert (prefix <= other and (end is None or other < end)) == other.startswith(prefix)
