"""Regular expressions: where they differ from Python's, and where they must mean what they mean in RE2."""

from __future__ import annotations

import re

import polars as pl
import pytest
import re2

from agent.detection.condition.regex_dialect import crate
from tests.detection.points.asking import holds

DIALECT = [
    (r"b$", "b\n", False, True),
    (r"\d", "٣", True, True),
    (r"(?i)k", "\u212a", True, True),
    (r"\s", "\u00a0", True, True),
]


@pytest.mark.parametrize(("pattern", "text", "here", "in_python"), DIALECT)
def test_regular_expressions_differ_from_pythons_in_known_places(
    pattern: str, text: str, here: bool, in_python: bool
) -> None:
    """`$` is the end of the text only; classes are Unicode here as there, which RE2's are not."""
    assert holds(f"s: {{a|re: '{pattern}'}}\ncondition: s", {"a": text}) is here
    assert (re.search(pattern, text) is not None) is in_python


SAME_IN_RE2 = [
    r"[[a]b]", r"[^[]+", r"[a&&b]", r"[--/]", r"[+--]", r"[a~~]", r"x{,5}", r"a{b", r"\<x\>", r"\012", r"[\012a]",
    r"\Qa.b\E.", r"\x{41}", r"\p{Greek}", r"[[:alpha:]]+", r"\_", r"{", r"a{2}", r"[]a]", r"[^]a]", r"\[{", r"[\]\[]",
]  # fmt: skip
TEXTS = [
    *"ab[]{}&-./~<>A\n_2,+:^Ωx", "[b]", "b]", "x{,5}", "a{b", "<x>", "a.bz", "aab", "&&", "--", "]]", "ab", "[{", "^]",
]  # fmt: skip


@pytest.mark.parametrize("pattern", SAME_IN_RE2)
def test_expressions_mean_what_they_mean_in_re2(pattern: str) -> None:
    """Also where the engine that runs them would read the same characters as something else."""
    expected = [re2.search(pattern, text) is not None for text in TEXTS]
    assert pl.Series(TEXTS).str.contains(crate(pattern)).to_list() == expected
