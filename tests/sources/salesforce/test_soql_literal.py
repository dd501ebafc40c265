"""Values in SOQL text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote_plus

from hypothesis import given
from hypothesis import strategies as st

from agent.sources.salesforce import soql_literal


def test_times_are_utc_without_quotes_and_end_in_z() -> None:
    """An offset such as REST's own +0000 would be a malformed query."""
    east = timezone(timedelta(hours=5, minutes=30))
    assert soql_literal.time(datetime(2026, 7, 1, 12, 0, 0, 999, tzinfo=UTC)) == "2026-07-01T12:00:00Z"
    assert soql_literal.time(datetime(2026, 7, 1, 2, tzinfo=east)) == "2026-06-30T20:30:00Z"


@given(st.text())
def test_text_cannot_leave_its_quotes(value: str) -> None:
    """Whatever a value holds, the literal ends where it should and reads back as the value."""
    literal = soql_literal.text(value)
    assert re.fullmatch(r"'(?:[^'\\\n\r]|\\.)*'", literal)
    assert re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), literal[1:-1]) == value


@given(st.lists(st.text(max_size=300), max_size=200))
def test_lists_hold_every_value_and_fit_a_uri(values: list[str]) -> None:
    """Nothing is left out, and no list of several values is too long."""
    lists = list(soql_literal.lists(values))
    assert "".join(part[1:-1] for part in lists).replace(",", "") == "".join(map(soql_literal.text, values)).replace(
        ",", ""
    )
    assert all(len(quote_plus(part)) <= soql_literal.MAX_LIST_BYTES + 5000 for part in lists)
