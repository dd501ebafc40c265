"""The layout of the state's keys."""

from __future__ import annotations

import itertools

import pytest

from agent.store import keys


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
