"""Numbers, spans, lists and names of fields as they are read in a sentence."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.wording.number import counted, number_text, plural
from agent.wording.phrase import field_text, listed, quoted
from agent.wording.span import span_text


def test_numbers_agree_with_what_they_count() -> None:
    """One of a thing is in the singular, also with a plural that is irregular."""
    assert (counted(1, "row"), counted(2_000, "row"), counted(0, "row")) == ("1 row", "2,000 rows", "0 rows")
    assert (counted(1, "match"), counted(2, "match")) == ("1 match", "2 matches")
    assert (counted(1, "hour"), counted(2.5, "hour")) == ("1 hour", "2.5 hours")


@pytest.mark.parametrize(
    ("number", "text"), [(24_417.0, "24,417"), (2.5, "2.5"), (1e12, "1,000,000,000,000"), (0.1 + 0.2, "0.3")]
)
def test_a_number_has_no_digits_that_say_nothing(number: float, text: str) -> None:
    """Whole numbers are written out; fractions have no error of floating point at their end."""
    assert number_text(number) == text


@pytest.mark.parametrize(
    ("thing", "several"),
    [
        ("login name", "login names"),
        ("country", "countries"),
        ("source address", "source addresses"),
        ("search query", "search queries"),
        ("queried entities", "queried entities"),
        ("day", "days"),
    ],
)
def test_plurals(thing: str, several: str) -> None:
    """Of names of fields; what is a plural stays as it is."""
    assert plural(thing) == several


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(minutes=10), "10 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=7), "7 days"),
        (timedelta(seconds=90), "90 seconds"),
        (timedelta(milliseconds=1500), "1.5 seconds"),
        (timedelta(), "0 seconds"),
    ],
)
def test_a_span_is_in_the_largest_unit_that_is_whole(span: timedelta, text: str) -> None:
    """With its unit in the singular or the plural."""
    assert span_text(span) == text


@pytest.mark.parametrize("name", ["leakline.login_name", "LOGIN_NAME", "LoginName", "salesforce.login_name"])
def test_a_field_is_called_by_its_words(name: str) -> None:
    """However the source spells it."""
    assert field_text(name) == "login name"


def test_lists_and_titles() -> None:
    """A list ends with its word; a title has one pair of quotation marks, and an end."""
    assert (listed(["a"], "or"), listed(["a", "b"], "or"), listed(["a", "b", "c"], "and")) == (
        "a",
        "a or b",
        "a, b and c",
    )
    assert quoted('The "best" rule') == "\"The 'best' rule\""
    assert len(quoted("x" * 1000)) == 122
