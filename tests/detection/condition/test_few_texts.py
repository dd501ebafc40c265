"""Few texts, which are judged in Python, and many, which Polars judges."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from agent.columns.small import SMALL
from agent.detection.condition import few_texts
from agent.detection.condition.column import Column
from agent.detection.condition.leaf import passing_rows
from agent.detection.condition.prefilter import RequiredLiterals
from agent.detection.condition.tree import How, Text, Truth, folded

HOWS: tuple[How, ...] = ("equals", "contains", "startswith", "endswith")

ODD = st.sampled_from(
    ["", "x", "X", "xy", "İ", "i̇", "ẞ", "ß", "ΣΑΣ", "σας", "\u212a", "k", "K", "ǅ", "\x00", "a\x00b", "\n", "🦊", "１", "true", "0"]
)  # fmt: skip
TEXTS = ODD | st.text(max_size=6)
CELLS = st.lists(st.none() | TEXTS, min_size=1, max_size=8)


@st.composite
def text_tests(draw: st.DrawFn) -> Text:
    how = draw(st.sampled_from(HOWS))
    values, cased = draw(st.frozensets(TEXTS, min_size=1, max_size=4)), draw(st.booleans())
    return Text(how, values if cased else frozenset(map(folded, values)), cased)


def beyond_the_limit(cells: list[str | None]) -> pl.Series:
    return pl.Series(cells * (SMALL // len(cells) + 1), dtype=pl.String)


@given(CELLS, text_tests() | st.builds(Truth, st.booleans()), st.booleans())
def test_few_texts_pass_where_the_same_texts_among_many_do(
    texts: list[str | None], test: Text | Truth, cells: bool
) -> None:
    """Whatever their letters, and whether they are there or not."""
    few = passing_rows(Column(pl.Series(texts, dtype=pl.String), cells=cells), test)
    many = passing_rows(Column(beyond_the_limit(texts), cells=cells), test)
    assert (few if isinstance(few, bool) else few.to_list()) == (
        many if isinstance(many, bool) else many[: len(texts)].to_list()
    )


@given(CELLS)
def test_the_lower_case_of_few_texts_is_that_of_the_same_texts_among_many(texts: list[str | None]) -> None:
    """Beyond ASCII as well, where Python and Polars may disagree."""
    column = Column(beyond_the_limit(texts))
    expected = column.by_row(column.lower)["said"][: len(texts)]
    assert Column(pl.Series(texts, dtype=pl.String)).lower.equals(expected, check_names=False)


@given(CELLS, st.frozensets(TEXTS, min_size=1), st.frozensets(TEXTS.filter(bool), min_size=1))
def test_of_few_texts_every_literal_is_found_that_is_found_of_many(
    texts: list[str | None], whole: frozenset[str], inside: frozenset[str]
) -> None:
    """One more may be found that stands across two texts: its rules are tried and hold of neither."""
    literals = RequiredLiterals(set(map(folded, whole)), set(map(folded, inside)))
    few = literals.found(Column(pl.Series(texts, dtype=pl.String)))
    many = literals.found(Column(beyond_the_limit(texts)))
    assert few >= many
    assert all("\x00" in str(literal) for literal in few - many)


def test_a_null_among_answers_is_a_no_on_both_sides_of_the_limit() -> None:
    """And nothing else changes."""
    for copies in (1, SMALL):
        mask = pl.Series([True, None, False] * copies)
        assert few_texts.without_nulls(mask).to_list() == [True, False, False] * copies
