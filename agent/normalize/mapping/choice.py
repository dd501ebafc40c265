"""Choosing a word by a column's value (`event.action`, `event.outcome`, …), once per distinct value."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Dict
from itertools import chain
from typing import TypeVar

import polars as pl

from agent.columns.distinct import per_text
from agent.columns.known_columns import or_else
from agent.normalize.mapping.mapping import Choice

T = TypeVar("T", str, tuple[str, ...])
V = TypeVar("V")


def choose(choice: Choice[T], cells: Dict[str, pl.Series], height: int) -> pl.Series | T | None:
    """A word for each row (`String`, or `List(String)` where the words are lists), one word for all, or None for none."""
    words = list(dict.fromkeys(choice.results()))
    chosen: pl.Series | None = None
    for column, cases in choice.cases:
        if column in cells and (chosen is None or chosen.null_count()):
            found = _indices(cells[column], cases, words)
            chosen = found if chosen is None else or_else(chosen, found)
    if chosen is None or chosen.null_count() == height:
        return choice.otherwise
    if choice.otherwise is not None:
        chosen = chosen.fill_null(words.index(choice.otherwise))
    return _as_series(words).gather(chosen)


def look_up(cells: pl.Series, table: Dict[str, str]) -> pl.Series:
    """`String`: what a table has for each cell; null where it has nothing. Codes of one letter compare exactly."""
    letters = {value: result for value, result in table.items() if len(value) == 1 and value.isalpha()}
    words = _finder({value: result for value, result in table.items() if value not in letters})

    def find(value: str) -> str | None:
        return letters.get(value) or words(value)

    return per_text(cells, find, pl.String)


def _indices(cells: pl.Series, cases: Dict[str, T], words: list[T]) -> pl.Series:
    """For each cell (`String`) the place in `words` of the word that it chooses (`UInt32`); null for none."""
    find = _finder({value: words.index(word) for value, word in cases.items()})
    return per_text(cells, find, pl.UInt32)


def _as_series(words: list[T]) -> pl.Series:
    """`String`, or `List(String)` where the words are lists."""
    if isinstance(words[0], str):
        return pl.Series(words, dtype=pl.String)
    return pl.Series([list(word) for word in words], dtype=pl.List(pl.String))


def _finder(cases: Dict[str, V]) -> Callable[[str], V | None]:
    """Looks a value up without regard to case; a case with `*` at an end stands for all values that match the rest."""
    exact = {case.lower(): result for case, result in cases.items() if "*" not in case}
    starts = [(case[:-1].lower(), result) for case, result in cases.items() if case.endswith("*")]
    ends = [(case[1:].lower(), result) for case, result in cases.items() if case.startswith("*") and case != "*"]

    def find(value: str) -> V | None:
        text = value.lower()
        if text in exact:
            return exact[text]
        by_end = (result for end, result in ends if text.endswith(end))
        by_start = (result for start, result in starts if text.startswith(start))
        return next(chain(by_end, by_start), None)

    return find
