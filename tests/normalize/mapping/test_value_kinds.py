from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.normalize.mapping.value_kinds import VALUE_KINDS

CELL = st.one_of(
    st.none(),
    st.integers(-(2**70), 2**70).map(str),
    st.integers(0, 99999).map(str),
    st.decimals(allow_nan=True).map(str),
    st.text("0123456789+-. eEtrufalsNIn", min_size=1, max_size=8),
    st.sampled_from(
        ["0", "1", "true", "FALSE", "True", "00", "-0", "005Kz00000Vol61", "005Kz00000Vol61IAB", "%41+b", "a b%41"]
    ),
)


@pytest.mark.parametrize("name", sorted(VALUE_KINDS))
def test_plain_is_never_a_lie(name: str) -> None:
    """A column that is called plain is written back to exactly its cells."""
    kind = VALUE_KINDS[name]

    @given(st.lists(CELL))
    def holds(cells: list[str | None]) -> None:
        raw = pl.Series(cells, dtype=pl.String)
        value = kind.read(raw)
        assert value.len() == raw.len()
        if kind.is_plain(raw, value):
            assert name == "url_decoded" or kind.write(value).to_list() == cells

    holds()


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("integer", "12", 12),
        ("integer", "12.0", 12),
        ("integer", "12.5", None),
        ("integer", "9223372036854775807", 2**63 - 1),
        ("integer", "9223372036854775808", None),
        ("integer", "12 apples", None),
        ("decimal", "12.5", 12.5),
        ("decimal", "NaN", None),
        ("decimal", "inf", None),
        ("boolean", "1", True),
        ("boolean", "TRUE", True),
        ("boolean", "False", False),
        ("boolean", "yes", None),
        ("url_decoded", "Mozilla%2F5.0+%28X11%29", "Mozilla/5.0 (X11)"),
        ("url_decoded", "Mozilla%2F5.0%20C%2B%2B+", "Mozilla/5.0 C+++"),
        ("url_decoded", "Mozilla/5.0 (Macintosh; rv%3A50.0) C++", "Mozilla/5.0 (Macintosh; rv:50.0) C++"),
        ("url_decoded", "100% of it", "100% of it"),
        ("url_decoded", "C++", "C++"),
        ("url_decoded", "%ff%fe", "%ff%fe"),
    ],
)
def test_what_cells_mean(name: str, cell: str, value: object) -> None:
    """Cells of each kind, good and bad, mean what they should."""
    assert VALUE_KINDS[name].read(pl.Series([cell, None])).to_list() == [value, None]


def test_usual_columns_are_plain() -> None:
    """The columns that real files have take the cheap way."""
    for name, cells in [
        ("integer", ["0", "7", "1234", None]),
        ("boolean", ["0", "1", None]),
        ("id", ["005Kz00000Vol61", None]),
        ("text", ["x", None]),
    ]:
        raw = pl.Series(cells, dtype=pl.String)
        assert VALUE_KINDS[name].is_plain(raw, VALUE_KINDS[name].read(raw)), name
