"""Facts that are estimated from events: what they say, and that they are nothing more."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from agent.notice.incidents.evidence import MOST_TRACES
from agent.notice.incidents.incident import Fact
from tests.notice.incidents.answering import BEGIN, ORG, Answering, alert

FIELDS = set(re.findall(r"^\| `([^`]+)` \|", Path("docs/reference/event_fields.md").read_text("utf-8"), re.MULTILINE))


def answered(*rows: dict[str, object]) -> Answering:
    answering = Answering()
    answering.take_rows(list(rows))
    return answering


def test_every_estimate_has_its_query_and_says_that_it_is_one() -> None:
    """The query names fields of the reference alone, with quoted values."""
    facts = answered(
        alert(1, rows=40_000, source__ip="192.0.2.7", salesforce__entity_name="Account,Contact"),
        alert(2, minute=30, rows=700, source__ip="192.0.2.8"),
    ).only().facts  # fmt: skip
    assert set(facts) == {"records_affected", "users_involved", "addresses", "objects", "period"}
    for fact in facts.values():
        assert fact.estimated and fact.by == "leakline" and fact.basis
        unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', "", fact.query)
        names = set(re.findall(r"[a-z@][\w.@]*(?= [:<>])", unquoted))
        assert names and names <= FIELDS | {"leakline.incident.id"}
    assert facts["records_affected"].value == 40_700
    assert facts["addresses"].value == "192.0.2.7, 192.0.2.8"
    assert facts["objects"].value == "Account, Contact"
    assert facts["period"].value == "2026-06-01T09:00:00.000Z to 2026-06-01T09:30:00.000Z"
    assert facts["records_affected"].query == (
        f'organization.id : "{ORG}" and user.id : "005u1" and @timestamp >= "2026-06-01T09:00:00.000Z"'
        ' and @timestamp <= "2026-06-01T09:30:00.000Z" and leakline.rows > 0'
    )


def test_what_a_person_has_stated_is_not_overwritten() -> None:
    """Whatever alerts come after it."""
    answering = answered(alert(1, rows=40_000))
    before = answering.only()
    stated = Fact(12.0, "dpo", BEGIN, "asked the owner")
    answering.put(before, replace(before, facts={**before.facts, "records_affected": stated}))
    answering.take_rows([alert(2, rows=50_000)])
    assert answering.only().facts["records_affected"] == stated


def test_an_estimate_that_is_as_before_keeps_its_time() -> None:
    """Its time is when it was last counted otherwise."""
    answering = answered(alert(1, rows=40_000))
    before = answering.only().facts
    answering.take_rows([alert(2, minute=0, rule="b", rows=30_000) | {"@timestamp": BEGIN + timedelta(hours=9)}])
    assert answering.only().facts == before


def test_nothing_is_estimated_of_what_no_alert_measures() -> None:
    """No rows are not zero rows."""
    facts = answered(alert(1, level="high")).only().facts
    assert set(facts) == {"users_involved", "period"}


def test_values_in_a_query_cannot_leave_their_quotes() -> None:
    """A user name that an attacker made up adds nothing to a query that an analyst pastes."""
    evil = 'x" or user.name : "*'
    facts = answered(alert(1, rows=9, user__id=None, user__name=evil)).only().facts
    assert 'leakline.login_name : "x\\" or user.name : \\"*"' in facts["records_affected"].query


def test_users_are_counted_once_whether_alerts_have_id_or_name() -> None:
    """An alert over many users names them in `related.user`."""
    spray = alert(2, user__id=None, user__name=None, related__user=["a@example.com", "u1@example.com", "b@example.com"])
    spray |= {"leakline.session": "s1"}
    facts = answered(alert(1, leakline__session="s1"), spray).only().facts
    assert facts["users_involved"].value == 3


def test_a_number_that_is_cut_says_so() -> None:
    """More addresses than are kept."""
    facts = answered(*(alert(n, source__ip=f"192.0.2.{n}") for n in range(MOST_TRACES + 5))).only().facts
    assert str(facts["addresses"].value).count(",") == MOST_TRACES - 1
    assert f"not more than {MOST_TRACES} are kept" in facts["addresses"].basis


def test_the_clocks_do_not_start_from_an_estimate() -> None:
    """A low alert with millions of rows stays a candidate."""
    incident = answered(alert(1, rows=9_000_000)).only()
    assert incident.state == "candidate" and not incident.has_clocks
    assert incident.facts["records_affected"].value == 9_000_000
