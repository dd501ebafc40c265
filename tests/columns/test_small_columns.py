"""What goes another way where rows are few comes to the same."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.addresses import every_address, network_of, split_addresses
from agent.columns.array_fields import each_once, lists_of
from agent.columns.distinct import filled, per_distinct, per_text, surely
from agent.columns.known_columns import or_else
from agent.columns.record_id import to_long, to_short, wrong_suffix
from agent.columns.small import SMALL, few_plain
from tests.columns.odd_texts import CELL, CELLS, check_both, large, text

COLUMNS = {
    "to_long": to_long,
    "to_short": to_short,
    "wrong_suffix": wrong_suffix,
    "every_address": every_address,
    "network_of": network_of,
    "addresses": lambda cells: split_addresses(cells)[0],
    "no addresses": lambda cells: split_addresses(cells)[1],
    "filled": filled,
    "surely": lambda cells: surely(cells.str.contains("a")),
    "per_distinct": lambda cells: per_distinct(cells, lambda texts: texts.str.len_chars()),
    "lists per_distinct": lambda cells: per_distinct(cells, lambda texts: texts.str.split("a")),
    "per_text": lambda cells: per_text(cells, lambda cell: len(cell) or None, pl.Int64),
}


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(COLUMNS)), CELLS)
def test_a_small_column_gives_what_a_large_one_gives(name: str, cells: list[str | None]) -> None:
    """Ids, addresses and work per distinct text: the same values, nulls and types on both sides of the limit."""
    check_both(COLUMNS[name], cells)


ROWS = st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=5)


@settings(deadline=None, max_examples=60)
@given(ROWS, st.integers(1, 3))
def test_lists_of_a_small_frame_are_those_of_a_large_one(rows: list[tuple[str | None, ...]], width: int) -> None:
    """Values of several columns, in their order or each once; null where a row has none."""
    columns = [list(cells) for cells in zip(*rows, strict=True)][:width]
    for lists in (lists_of, each_once):
        few = lists([text(cells, str(place)) for place, cells in enumerate(columns)])
        many = lists([text(large(cells), str(place)) for place, cells in enumerate(columns)])
        if few is None or many is None:
            assert few is many
            continue
        assert (few.dtype, few.to_list()) == (many.dtype, many.head(len(rows)).to_list())


@settings(deadline=None, max_examples=60)
@given(ROWS)
def test_a_fallback_fills_what_a_column_lacks(rows: list[tuple[str | None, ...]]) -> None:
    """Under the column's own name, on both sides of the limit."""
    first, second, _ = ([*cells] for cells in zip(*rows, strict=True))
    for size in (lambda cells: cells, large):
        found = or_else(text(size(first), "first"), text(size(second), "second"))
        assert found.name == "first"
        assert found.to_list() == [a if a is not None else b for a, b in zip(size(first), size(second), strict=True)]


def test_only_small_columns_of_printable_ascii_are_plain() -> None:
    """Beyond it Polars and Python may differ, and above the limit Polars is faster."""
    assert few_plain(text(["a b", None, ""])) == ["a b", None, ""]
    assert [few_plain(text(["a", odd])) for odd in ("é", "\t", "\n", "\x1c", "\x7f")] == [None] * 5
    assert few_plain(text(["a"] * SMALL)) is not None
    assert few_plain(text(["a"] * (SMALL + 1))) is None
