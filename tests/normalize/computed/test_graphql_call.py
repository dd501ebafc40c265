"""How many records a GraphQL query asks for."""

from __future__ import annotations

import polars as pl
import pytest

from agent.normalize.computed import graphql_call


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("{ Contact(first: 200) { edges } }", 200),
        ("{ Contact(first,:,2000) { edges } }", 2000),
        ("{ Contact(first # all\n:\n2000) { edges } }", 2000),
        ("{ a: Contact(first:99) b: Contact(upperBound:1) }", 100),
        ("query c($n:Int!=2000) { a: Contact(first:$n) b: Contact(first: $n) }", 4000),
        ("query c($n: Int) { Contact(first: $n) }", None),
        ("{ Contact(first: 99999999999999999999) }", 2000),
        ("{ Contact { edges } }", None),
        (None, None),
    ],
)
def test_all_parts_of_a_query_count(query: str | None, rows: int | None) -> None:
    """Commas and comments are blanks in GraphQL, and one query may have many parts."""
    assert graphql_call.rows_asked(pl.Series([query], dtype=pl.String)).to_list() == [rows]


@pytest.mark.parametrize(
    ("variables", "rows"),
    [
        ('{"n": 2000, "m": 200}', 2000),
        ('{"n":500, "after":"1999"}', 500),
        ('{"n": 20, "amount": 9000}', None),
        ("", None),
        (None, None),
    ],
)
def test_the_largest_page_among_the_variables(variables: str | None, rows: int | None) -> None:
    """Other numbers, and pages as a screen shows them, are left out."""
    assert graphql_call.rows_in_variables(pl.Series([variables], dtype=pl.String)).to_list() == [rows]
