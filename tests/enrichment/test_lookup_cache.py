from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.small import SMALL
from agent.enrichment.lookup_cache import LookupCache

SCHEMA = {"length": pl.Int64(), "even": pl.Boolean()}


class Work:
    """Knows every key but those with an `x`, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, keys: Sequence[str]) -> dict[str, tuple[int, bool]]:
        self.asked.append(sorted(keys))
        return {key: (len(key), len(key) % 2 == 0) for key in keys if "x" not in key}


keys = st.lists(st.none() | st.text("abx", max_size=4), min_size=1, max_size=12)


@given(st.lists(keys, max_size=6), st.integers(1, 6))
def test_answers_stand_beside_their_keys(batches: list[list[str | None]], limit: int) -> None:
    """Row for row the answer of the row's own key, however few keys can be remembered."""
    remembered = LookupCache(SCHEMA, Work(), limit=limit)
    for batch in batches:
        told = remembered.columns(pl.Series(batch, dtype=pl.String))
        lengths = [len(key) if key is not None and "x" not in key else None for key in batch]
        expected = {"length": lengths, "even": [None if n is None else n % 2 == 0 for n in lengths]}
        expected = expected if any(n is not None for n in lengths) else {}
        assert {name: column.to_list() for name, column in told.items()} == expected


@settings(max_examples=30, deadline=None)
@given(keys)
def test_a_long_batch_is_answered_as_a_short_one(batch: list[str | None]) -> None:
    """On both sides of the limit of small batches the same rows get the same answers, in the same types."""
    column = pl.Series([batch[row % len(batch)] for row in range(SMALL + 1)], dtype=pl.String)
    long, short = (LookupCache(SCHEMA, Work()).columns(column[:height]) for height in (SMALL + 1, SMALL))
    assert {name: cells[:SMALL].to_list() for name, cells in long.items()} == {
        name: cells.to_list() for name, cells in short.items()
    }
    assert [cells.dtype for cells in long.values()] == [cells.dtype for cells in short.values()]


parts = st.lists(st.tuples(*[st.none() | st.text("abx-", max_size=4)] * 3), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(parts, st.sets(st.integers(0, 2), max_size=2))
def test_keys_of_several_columns_are_joined_row_by_row(rows: list[tuple[str | None, ...]], missing: set[int]) -> None:
    """Of each text what may be looked at, nothing for a null or a column that is not there, whichever say anything."""
    keys = ["-".join("" if place in missing else (row[place] or "")[:2] for place in range(3)) for row in rows]
    expected = [None if "x" in key else len(key) for key in keys]
    for height in (len(rows), SMALL + 1):
        columns = [
            None
            if place in missing
            else pl.Series([rows[row % len(rows)][place] for row in range(height)], dtype=pl.String)
            for place in range(3)
        ]
        found = LookupCache(SCHEMA, Work(), longest=2).joined_columns(columns, "-")
        lengths = found["length"].to_list() if found else [None] * height
        assert lengths == [expected[row % len(rows)] for row in range(height)]


def test_what_is_learnt_piece_by_piece_is_one_table() -> None:
    """Keys of many batches are found again, and only the columns that are asked for come back."""
    remembered = LookupCache(SCHEMA, Work())
    texts = ["a" * length for length in range(1, 100)]
    for text in texts:
        assert remembered.columns(pl.Series([text]))["length"].to_list() == [len(text)]
    told = remembered.columns(pl.Series(texts[::-1]), only=("even", "no such column"))
    assert {name: column.to_list() for name, column in told.items()} == {
        "even": [len(text) % 2 == 0 for text in texts[::-1]]
    }


def test_a_key_is_asked_for_once() -> None:
    """Work is done for distinct keys that are new, and again for those that had no answer."""
    work = Work()
    remembered = LookupCache(SCHEMA, work)
    for batch in (["a", "a", "bb", None], ["bb", "x"], ["a", "x"]):
        remembered.columns(pl.Series(batch, dtype=pl.String))
    assert work.asked == [["a", "bb"], ["x"], ["x"]]


def test_forgetting_asks_anew() -> None:
    """After `forget`, answers may have changed."""
    work = Work()
    remembered = LookupCache(SCHEMA, work)
    for _ in range(2):
        remembered.columns(pl.Series(["a"]))
        remembered.forget()
    assert work.asked == [["a"], ["a"]]


def test_columns_without_any_value_are_left_out() -> None:
    """What is known of no row takes no column."""
    remembered = LookupCache(SCHEMA, lambda keys: dict.fromkeys(keys, (None, True)))
    assert list(remembered.columns(pl.Series(["a", "b"]))) == ["even"]


def test_long_keys_are_forgotten_sooner() -> None:
    """What is kept is bounded in characters, and the answers are the same."""
    work = Work()
    remembered = LookupCache(SCHEMA, work, characters=1_000)
    for letter in "abcd" * 2:
        batch = pl.Series([letter * 400, letter * 401])
        assert remembered.columns(batch)["length"].to_list() == [400, 401]
    assert len(work.asked) == 8
    remembered.columns(batch)
    assert len(work.asked) == 8


def test_columns_that_it_does_not_have_are_no_columns() -> None:
    """Whoever wants them finds none; nothing is asked for."""
    work = Work()
    remembered = LookupCache(SCHEMA, work)
    assert set(remembered.columns(pl.Series(["a", "b"]))) == {"length", "even"}
    assert remembered.columns(pl.Series(["a", "bb"]), only=("width",)) == {}
    assert set(remembered.columns(pl.Series(["a", "b"]), only=("width", "even"))) == {"even"}
    assert work.asked == [["a", "b"]]
