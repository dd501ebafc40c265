from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.record_id import suffix, to_long, to_short, wrong_suffix

ID = st.text("0189ABMNZabmnz", min_size=15, max_size=15)


def by_hand(text: str) -> str:
    """The checksum as the vendor's documents tell it, one character after another."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    groups = [text[start : start + 5] for start in (0, 5, 10)]
    return "".join(letters[sum(2**place for place, letter in enumerate(group) if letter.isupper())] for group in groups)


@given(st.lists(ID))
def test_suffix_is_the_documented_one(ids: list[str]) -> None:
    """Every id gets the three characters that the rule gives when it is done by hand."""
    column = pl.Series(ids, dtype=pl.String)
    assert suffix(column).to_list() == [by_hand(short) for short in ids]
    assert suffix(column + suffix(column)).to_list() == [by_hand(short) for short in ids]


def test_a_known_id() -> None:
    """An id whose anonymised form is a known trap ends in AAV, not AAQ."""
    assert to_long(pl.Series(["0055f00000AbCdE"])).to_list() == ["0055f00000AbCdEAAV"]


@given(st.lists(st.none() | ID | st.text(max_size=18)))
def test_only_ids_change(cells: list[str | None]) -> None:
    """Text that is no 15-character id, and null, stay as they are."""
    long = to_long(pl.Series(cells, dtype=pl.String)).to_list()
    for cell, found in zip(cells, long, strict=True):
        is_id = cell is not None and len(cell) == 15 and cell.isascii() and cell.isalnum()
        assert found == (cell + by_hand(cell) if is_id and cell is not None else cell)


@given(st.lists(st.none() | ID))
def test_there_and_back(cells: list[str | None]) -> None:
    """An id made long and cut short again is the same id."""
    column = pl.Series(cells, dtype=pl.String)
    assert to_short(to_long(column)).to_list() == cells


def test_wrong_suffix_is_seen() -> None:
    """Only an 18-character id with a suffix not its own is wrong; other text is no id at all."""
    column = pl.Series(["0055f00000AbCdEAAV", "0055f00000AbCdEAAQ", None, "0055f00000AbCdE", "not an id of 18 ch"])
    assert wrong_suffix(column).to_list() == [False, True, False, False, False]


def test_suffix_needs_ids_of_one_length() -> None:
    """A mixed column is refused rather than answered wrongly."""
    with pytest.raises(ValueError, match="one length"):
        suffix(pl.Series(["0055f00000AbCdE", "0055f00000AbCdEAAV"]))
