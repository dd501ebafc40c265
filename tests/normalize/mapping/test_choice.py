from __future__ import annotations

import polars as pl

from agent.normalize.mapping.choice import Chooser, table_finder
from agent.normalize.mapping.mapping import Choice

CELLS = {
    "A": pl.Series(["query", "QUERYALL", "insert", None]),
    "B": pl.Series(["1", "1", None, None]),
}


def test_first_case_that_knows_the_value() -> None:
    """Columns are asked in order; a value nobody knows falls to `otherwise`."""
    choice = Choice((("A", {"query*": "read"}), ("B", {"1": "second"})), "other")
    chosen = Chooser(choice).choose(CELLS, 4)
    assert isinstance(chosen, pl.Series)
    assert chosen.to_list() == ["read", "read", "other", "other"]


def test_the_first_word_counts_too() -> None:
    """A pattern may give any of the words, the first as well as the others."""
    chosen = Chooser(Choice((("A", {"*all": "whole", "q*": "part"}),))).choose(CELLS, 4)
    assert isinstance(chosen, pl.Series)
    assert chosen.to_list() == ["part", "whole", None, None]


def test_a_constant_stays_one() -> None:
    """Where no column is there to choose by, there is one word for all rows, or none."""
    assert Chooser(Choice((("NONE", {"x": "y"}),), "always")).choose(CELLS, 4) == "always"
    assert Chooser(Choice()).choose(CELLS, 4) is None


def test_words_may_be_lists() -> None:
    """An array field is chosen as a whole."""
    chosen = Chooser(Choice((("B", {"1": ("group", "change")}),), ("info",))).choose(CELLS, 4)
    assert isinstance(chosen, pl.Series)
    assert chosen.to_list() == [["group", "change"], ["group", "change"], ["info"], ["info"]]


def test_look_up() -> None:
    """A table gives a word for each value it has; `*` alone stands for any other."""
    find = table_finder({"query": "q", "*": "rest"})
    assert [find(text) for text in ("query", "QUERYALL", "insert")] == ["q", "rest", "rest"]
