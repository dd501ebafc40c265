"""The bytes of a column of text, with and without a copy."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.columns import string_buffer
from agent.columns.string_buffer import body, stretches

LONG = st.text(min_size=13, max_size=40)
LINES = st.lists(st.text(max_size=14) | LONG) | st.lists(LONG)


@pytest.mark.parametrize("little", [0, string_buffer._LITTLE])
@given(LINES, LINES, st.data())
def test_the_bytes_are_those_of_all_rows_in_their_order(
    little: int, first: list[str], second: list[str], data: st.DataObject
) -> None:
    """However a column came about: put together, joined, cut, picked in another order; in Python and by their buffers."""
    column = pl.concat([pl.Series(first, dtype=pl.String), pl.Series(second, dtype=pl.String)])
    together = pl.select(pl.concat_str(pl.lit(column), pl.lit("\n"))).to_series()
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(column))] * 2)))
    order = data.draw(st.permutations(range(len(column))))
    for lines in (column, together, together[start:end], column[start:end], together.gather(order), together.head(0)):
        expected = "".join(lines.to_list()).encode()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(string_buffer, "_LITTLE", little)
            assert bytes(body(lines)) == b"".join(stretches(lines)) == expected


def test_lines_put_together_are_not_copied() -> None:
    """Their bytes are in a few buffers, each twice the one before, and these are what is handed out."""
    lines = pl.select(pl.concat_str(pl.lit("a text of more than twelve bytes"), pl.int_range(50_000))).to_series()
    pieces = stretches(lines)
    assert b"".join(pieces) == "".join(lines.to_list()).encode()
    assert 1 < len(pieces) < 20
