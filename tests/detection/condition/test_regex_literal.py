"""Texts that a match of a regular expression cannot do without."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.condition.regex_literal import longest_literal


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("foobar", "foobar"),
        ("^/services/(data|apexrest)/v[0-9]+", "/services/"),
        ("^/a/[bc]/a/", "/a/"),
        (r"evil\.exe$", "evil.exe"),
        ("colou?r", "colo"),
        ("ab+c", "ab"),
        ("ab{0,2}cd", "cd"),
        ("a{2,}", "a"),
        ("(foo)", None),
        ("foo|bar", None),
        ("(foo|bar)baz", "baz"),
        (r"\d\w\pL[[:alpha:]]", None),
        (r"[]x]abc", "abc"),
        ("(?i)FooKel", "foo"),
        ("(?i:foo)x", "x"),
        ("(?x) foo", None),
        ("foo(?i)bar", None),
        ("fußball", "ball"),
        (r"a\Qb\E", None),
        ("", None),
    ],
)
def test_the_longest_certain_text_is_found(pattern: str, expected: str | None) -> None:
    """In lower case, and none where none is certain."""
    assert longest_literal(pattern) == expected


ATOMS = st.sampled_from(
    ["a", "B", "K", "s", "x", ".", r"\.", "[ab]", "[^a]", "(ab|c)", "(?:B)", r"\d", "^", "$", "é", "-", r"\x61"]
)
PATTERNS = st.lists(st.builds("{}{}".format, ATOMS, st.sampled_from(["", "", "", "?", "*", "+", "{2}", "{0,1}", "*?"])), max_size=5).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PATTERNS, min_size=1, max_size=2).map("|".join),
    st.booleans(),
    st.lists(st.text("aABbKksſ\u212axyé.-1c", max_size=8), min_size=1),
)
def test_what_is_called_certain_occurs_in_every_match(pattern: str, folded: bool, texts: list[str]) -> None:
    """Otherwise a rule would be passed over that would have matched."""
    pattern = f"(?i){pattern}" if folded else pattern
    series = pl.Series(texts)
    try:
        matched = series.filter(series.str.contains(pattern))
    except pl.exceptions.ComputeError:
        return  # such as ^*, which RE2 has not
    needed = longest_literal(pattern)
    if needed is not None:
        assert matched.str.to_lowercase().str.contains(needed, literal=True).all()
