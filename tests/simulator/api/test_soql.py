from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.simulator.api.filters.soql import Comparison, Conjunction, Disjunction, Negation, SoqlError
from agent.simulator.api.soql_parser import parse

NOW = datetime(2026, 11, 18, 12, 30, tzinfo=UTC)


def test_the_polling_query_is_read_as_meant() -> None:
    """AND, OR and parentheses nest as written."""
    query = parse(
        "SELECT Id, EventType FROM EventLogFile WHERE Interval = 'Hourly' AND "
        "(CreatedDate > 2026-11-18T10:00:00Z OR (CreatedDate = 2026-11-18T10:00:00Z AND Id > '0AT000000000001AAA')) "
        "ORDER BY CreatedDate ASC, Id DESC NULLS LAST LIMIT 10 OFFSET 2",
        NOW,
    )
    assert isinstance(query.where, Conjunction)
    assert isinstance(query.where.parts[1], Disjunction)
    assert [(ordering.field, ordering.descending, ordering.nulls_last) for ordering in query.order_by] == [
        ("CreatedDate", False, False),
        ("Id", True, True),
    ]
    assert (query.limit, query.offset) == (10, 2)


def test_in_like_and_not_are_understood() -> None:
    """The other operators are there, too."""
    where = parse(
        "select Id from User where not Name like 'A%' and Id not in ('a', 'b') and IsActive = true", NOW
    ).where
    assert isinstance(where, Conjunction)
    assert isinstance(where.parts[0], Negation)
    assert where.parts[1] == Comparison("Id", "not in", where.parts[1].values)  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["2026-11-18T10:00:00Z", "2026-11-18T10:00:00.000Z", "2026-11-18T12:00:00+02:00"])
def test_a_moment_may_end_in_z_or_an_offset(text: str) -> None:
    """The same moment in its three spellings."""
    where = parse(f"SELECT Id FROM EventLogFile WHERE CreatedDate = {text}", NOW).where  # noqa: S608
    assert isinstance(where, Comparison)
    assert where.values[0].value == datetime(2026, 11, 18, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "where",
    [
        "CreatedDate > 2026-11-18T10:00:00.000+0000",
        "CreatedDate > 2026-11-18T10:00:00",
        "CreatedDate > 2026-11-18T10:00:00 00:00",
        "CreatedDate > 2026-13-48T10:00:00Z",
        "Id = 'a' AND Id = 'b' OR Id = 'c'",
        "Id ==  'a'",
        "Id = 'a",
        "Id = 'a' extra",
        "Id IN ()",
        'Id = "a"',
        "Name = 'a\\q'",
        "Id",
        "",
    ],
)
def test_what_salesforce_refuses_is_refused(where: str) -> None:
    """Each of these is MALFORMED_QUERY."""
    with pytest.raises(SoqlError) as caught:
        parse(f"SELECT Id FROM EventLogFile WHERE {where}", NOW)  # noqa: S608
    assert caught.value.code == "MALFORMED_QUERY"


def test_named_spans_follow_the_clock() -> None:
    """TODAY is the day of the clock that was handed in."""
    where = parse("SELECT Id FROM EventLogFile WHERE LogDate = LAST_N_DAYS:2", NOW).where
    assert isinstance(where, Comparison)
    assert where.values[0].value == datetime(2026, 11, 16, tzinfo=UTC)
    assert where.values[0].end == datetime(2026, 11, 19, tzinfo=UTC)


def test_a_statement_has_a_longest_length() -> None:
    """Above 100,000 characters it is not looked at."""
    with pytest.raises(SoqlError):
        parse("SELECT Id FROM User WHERE Id IN (" + "'005000000000001'," * 6000 + "'005000000000001')", NOW)


_WORDS = st.sampled_from(
    [
        "SELECT",
        "FROM",
        "WHERE",
        "AND",
        "OR",
        "NOT",
        "IN",
        "LIKE",
        "(",
        ")",
        ",",
        "=",
        "!=",
        "<",
        ">=",
        "ORDER",
        "BY",
        "GROUP",
        "LIMIT",
        "OFFSET",
        "Id",
        "User",
        "COUNT",
        "TODAY",
        "null",
        "true",
        "'a'",
        "'it\\'s'",
        "12",
        "-3",
        "2026-01-01",
        "2026-99-01",
        "0001-01-01",
        "9999-12-31",
        "2026-01-01T00:00:00Z",
        "9999-12-31T23:59:59-23:59",
        "LAST_N_DAYS:3",
        "LAST_N_DAYS:99999999999999",
        "FIELDS(ALL)",
        "Profile.Name",
        ";",
        "'",
        "\\",
    ]
)


@given(st.lists(_WORDS, max_size=25).map(" ".join) | st.text(max_size=60))
def test_whatever_is_asked_is_answered_or_refused(text: str) -> None:
    """No text makes the parser fail in any other way than by SoqlError."""
    try:
        assert parse(text, NOW).entity
    except SoqlError as refused:
        assert refused.code


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_quoted_text_comes_back(text: str) -> None:
    """Backslash and quote escaped, any text can be asked for."""
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    where = parse(f"SELECT Id FROM User WHERE Name = '{quoted}'", NOW).where  # noqa: S608
    assert isinstance(where, Comparison)
    assert where.values[0].value == text
