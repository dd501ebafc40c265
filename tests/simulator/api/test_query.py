from collections.abc import Callable
from typing import Any

import pytest

from agent.simulator.api.catalogue import tables
from agent.simulator.api.filters.soql import SoqlError
from agent.simulator.api.query import run
from agent.simulator.api.soql_parser import parse
from agent.simulator.org.simulated_org import SimulatedOrg
from tests.simulator.conftest import AT_ONCE


@pytest.fixture
def ask(make_org: Callable[..., SimulatedOrg]) -> Callable[[str], list[dict[str, Any]]]:
    org = make_org(delay=AT_ONCE)
    known = tables(org, "62.0")

    def answer(text: str) -> Any:
        tree = parse(text, org.now())
        return run(tree, known[tree.entity.lower()], "62.0")

    return answer


def test_without_a_word_on_the_interval_only_daily_files_come(ask: Any, make_org: Callable[..., SimulatedOrg]) -> None:
    """The quirk that makes others wait 44 hours; a predicate on Interval, Sequence or Id lifts it."""
    assert ask("SELECT Id FROM EventLogFile")[0] == 0
    everything = ask("SELECT Id FROM EventLogFile WHERE Id != null")[0]
    assert everything > 20
    assert ask("SELECT Id FROM EventLogFile WHERE Sequence >= 0")[0] == everything
    assert ask("SELECT Id FROM EventLogFile WHERE Interval = 'hourly'")[0] == everything


def test_order_and_limit(ask: Any) -> None:
    """Rows come in the order asked for, across equal first keys."""
    _, records = ask(
        "SELECT CreatedDate, Id FROM EventLogFile WHERE Interval='Hourly' ORDER BY CreatedDate DESC, Id LIMIT 30"
    )
    keys = [(record["CreatedDate"], record["Id"]) for record in records]
    assert keys == sorted(sorted(keys, key=lambda k: k[1]), key=lambda k: k[0], reverse=True)
    assert len(keys) == 30


def test_counting_and_grouping(ask: Any) -> None:
    """COUNT() gives a total and no records, GROUP BY a record for each group."""
    total, none = ask("SELECT COUNT() FROM EventLogFile WHERE Interval = 'Hourly'")
    _, groups = ask("SELECT EventType, COUNT(Id) files FROM EventLogFile WHERE Interval = 'Hourly' GROUP BY EventType")
    assert none == []
    assert sum(group["files"] for group in groups) == total


def test_a_related_field_comes_nested(ask: Any) -> None:
    """Profile.Name is inside Profile; a user without a role has null there."""
    _, records = ask("SELECT Username, Profile.Name, UserRole.Name FROM User")
    admin = next(user for user in records if user["Profile"]["Name"] == "System Administrator")
    assert admin["UserRole"]["Name"].startswith("IT")
    assert any(user["UserRole"] is None for user in records)


def test_ids_match_in_both_lengths(ask: Any) -> None:
    """Fifteen and eighteen characters name the same record."""
    ident = ask("SELECT Id FROM User LIMIT 1")[1][0]["Id"]
    assert ask(f"SELECT Id FROM User WHERE Id = '{ident[:15]}'")[0] == 1  # noqa: S608
    assert ask(f"SELECT Id FROM User WHERE Id IN ('{ident}', '005000000000000')")[0] == 1  # noqa: S608


def test_like_knows_its_wildcards(ask: Any) -> None:
    """% is any text, case does not matter, other characters mean themselves."""
    assert ask("SELECT Id FROM User WHERE Username LIKE 'LEAKLINE@%'")[0] == 1
    assert ask("SELECT Id FROM User WHERE Username LIKE 'leakline.'")[0] == 0


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Nothing FROM EventLogFile", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Company.Name = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM EventLogFile WHERE CreatedDate > '2026-11-18T10:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM EventLogFile WHERE CreatedDate > 2026-11-18", "INVALID_FIELD"),
        ("SELECT Id FROM EventLogFile WHERE LogFile = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM EventLogFile WHERE Sequence = '1'", "INVALID_FIELD"),
        ("SELECT Id FROM SetupAuditTrail WHERE Display LIKE '%a%'", "INVALID_FIELD"),
        ("SELECT Id FROM LoginHistory WHERE SourceIp LIKE '203.%'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM SetupAuditTrail WHERE Section = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM User WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT FIELDS(ALL) FROM User", "MALFORMED_QUERY"),
        ("SELECT Name, COUNT(Id) FROM User", "MALFORMED_QUERY"),
    ],
)
def test_what_an_object_refuses(ask: Any, text: str, code: str) -> None:
    """Unknown fields, fields that cannot be filtered, values of the wrong type."""
    with pytest.raises(SoqlError) as caught:
        ask(text)
    assert caught.value.code == code


def test_login_history_and_audit_trail_have_rows(make_org: Callable[..., SimulatedOrg]) -> None:
    """Setup changes and logins of the history, none from the future."""
    org = make_org()
    now = org.now().strftime("%Y-%m-%dT%H:%M:%S.999+0000")
    for times in ([row["LoginTime"] for row in org.logins()], [row["CreatedDate"] for row in org.setup_changes()]):
        assert times
        assert max(times) <= now
