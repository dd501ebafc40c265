"""Choosing a word by a column's value (`event.action`, `event.outcome`, …), once per distinct value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Dict
from itertools import chain
from typing import Generic, TypeVar

import polars as pl

from agent.columns.distinct import per_text
from agent.columns.known_columns import or_else
from agent.columns.small import SMALL
from agent.normalize.mapping.mapping import Choice

T = TypeVar("T", str, tuple[str, ...])
V = TypeVar("V")


class Chooser(Generic[T]):
    """A choice made ready for many batches."""

    def __init__(self, choice: Choice[T]) -> None:
        words = list(dict.fromkeys(choice.results()))
        places = {word: place for place, word in enumerate(words)}
        self._otherwise: T | None = choice.otherwise
        self._words = _as_series(words)
        self._finders = [
            (column, _finder({value: places[word] for value, word in cases.items()})) for column, cases in choice.cases
        ]
        self._default = None if choice.otherwise is None else places[choice.otherwise]

    def choose(self, cells: Dict[str, pl.Series], height: int) -> pl.Series | T | None:
        """A word for each row (`String`, or `List(String)` where the words are lists), one word for all, or None for none."""
        chosen: pl.Series | None = None
        for column, find in self._finders:
            if column in cells and (chosen is None or chosen.null_count()):
                found = per_text(cells[column], find, pl.UInt32)
                chosen = found if chosen is None else or_else(chosen, found)
        if chosen is None or chosen.null_count() == height:
            return self._otherwise
        if height <= SMALL:
            return self._of_few(chosen.to_list())
        if self._default is not None:
            chosen = chosen.fill_null(self._default)
        return self._words.gather(chosen)

    def _of_few(self, chosen: list[int | None]) -> pl.Series:
        """`chosen`: for each row the place in `_words`, None where no column decides."""
        places = [self._default if place is None else place for place in chosen]
        first = places[0]
        if first is not None and places.count(first) == len(places):
            return self._words.new_from_index(first, len(places))
        return self._words[pl.Series(places, dtype=pl.UInt32)]


def table_finder(table: Dict[str, str]) -> Callable[[str], str | None]:
    """What a table has for a text; None where it has nothing. Codes of one letter compare exactly."""
    letters = {value: result for value, result in table.items() if len(value) == 1 and value.isalpha()}
    words = _finder({value: result for value, result in table.items() if value not in letters})
    return lambda value: letters.get(value) or words(value)


def _as_series(words: Sequence[T]) -> pl.Series:
    """`String`, or `List(String)` where the words are lists."""
    if all(isinstance(word, str) for word in words):
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
