"""That a notice need not be sent takes two people, where permissions are set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from agent.daemon.incidents.incident_requests import IncidentRequests
from agent.daemon.incidents.second_person import HOLDS_FOR
from agent.errors import LeaklineError
from tests.daemon.incidents.incident_state import IncidentState
from tests.notice.incidents.made_incident import CLOCK, incident

Decide = Callable[..., dict[str, Any]]


@pytest.fixture
def gone() -> set[str]:
    """Who has lost the role."""
    return set()


@pytest.fixture
def decide(state: IncidentState, gone: set[str]) -> Decide:
    requests = IncidentRequests(
        lambda: state.desks, state.time, needs_second=lambda: True, judges=lambda name: name not in gone
    )
    return next(command.run for command in requests.commands() if command.name == "incidents_decide")


@pytest.fixture
def number(state: IncidentState) -> str:
    number = state.add(incident())
    state.reckon(number, [CLOCK])
    return number


def not_applicable(decide: Decide, number: str, by: str, **further: str) -> dict[str, Any]:
    of = {"obligation": CLOCK.id, "reason": "no personal data", **further}
    return decide(number=number, decision="not-applicable", by=by, **of)


def test_the_first_word_changes_nothing(state: IncidentState, decide: Decide, number: str) -> None:
    """Whoever it names as the approver; it is noted with its reason, and the clock runs on."""
    answer = not_applicable(decide, number, "paul", approver="pia")
    assert "a second person has to say the same within a day" in answer["message"]
    assert not answer["incident"]["settlements"]
    assert not not_applicable(decide, number, "paul", approver="pia")["incident"]["settlements"]
    assert b"incident-waiver-proposed" in state.records()[-1]


def test_the_second_person_makes_it_count(decide: Decide, number: str) -> None:
    """Both are named; it counts once."""
    not_applicable(decide, number, "paul")
    settlement = not_applicable(decide, number, "pia")["incident"]["settlements"][CLOCK.id]
    assert (settlement["end"], settlement["by"], settlement["approver"]) == ("not-applicable", "pia", "paul")


def test_a_word_holds_for_a_day(state: IncidentState, decide: Decide, number: str) -> None:
    """Afterwards the second one is a first one."""
    not_applicable(decide, number, "paul")
    state.now += HOLDS_FOR
    assert not not_applicable(decide, number, "pia")["incident"]["settlements"]
    state.now += timedelta(minutes=1)
    assert not_applicable(decide, number, "paul")["incident"]["settlements"]


def test_the_same_is_true_of_a_whole_incident(decide: Decide, number: str) -> None:
    """`not-notifiable` ends every clock."""
    decide(number=number, decision="confirmed", by="paul")
    first = decide(number=number, decision="not-notifiable", by="paul", reason="encrypted")
    assert first["incident"]["state"] == "confirmed"
    assert (
        decide(number=number, decision="not-notifiable", by="pia", reason="encrypted")["incident"]["state"]
        == "not-notifiable"
    )


def test_what_could_not_be_said_is_not_noted(state: IncidentState, decide: Decide, number: str) -> None:
    """No reason, no such obligation."""
    before = len(state.records())
    with pytest.raises(LeaklineError, match="a reason is needed"):
        decide(number=number, decision="not-applicable", by="paul", obligation=CLOCK.id)
    with pytest.raises(LeaklineError, match="is not an obligation"):
        decide(number=number, decision="not-applicable", by="paul", obligation="eu/none", reason="x")
    assert len(state.records()) == before


def test_a_word_ends_with_the_role_of_who_gave_it(decide: Decide, number: str, gone: set[str]) -> None:
    """The second one is a first one then."""
    not_applicable(decide, number, "paul")
    gone.add("paul")
    assert not not_applicable(decide, number, "pia")["incident"]["settlements"]
    assert not_applicable(decide, number, "petra")["incident"]["settlements"]


def test_what_was_confirmed_is_no_breach_by_two_alone(decide: Decide, number: str) -> None:
    """Else it would be the way round the second person; what nobody has confirmed is judged by one."""
    decide(number=number, decision="confirmed", by="paul")
    first = decide(number=number, decision="not-a-breach", by="paul", reason="a test of ours")
    assert (first["incident"]["state"], "a second person" in first["message"]) == ("confirmed", True)
    again = decide(number=number, decision="not-a-breach", by="paul", reason="a test of ours")
    assert again["incident"]["state"] == "confirmed"
    assert (
        decide(number=number, decision="not-a-breach", by="pia", reason="so it was")["incident"]["state"]
        == "not-a-breach"
    )


def test_what_nobody_confirmed_is_judged_by_one(decide: Decide, number: str) -> None:
    """A false alarm needs no second person."""
    assert (
        decide(number=number, decision="not-a-breach", by="pia", reason="noise")["incident"]["state"] == "not-a-breach"
    )


def test_whose_role_nobody_approved_has_no_say(decide: Decide, number: str, gone: set[str]) -> None:
    """Neither as the first nor as the second: breaking the glass gives nobody a word in this."""
    gone.add("paul")
    with pytest.raises(LeaklineError, match="paul has no say in this"):
        not_applicable(decide, number, "paul")
    not_applicable(decide, number, "pia")
    with pytest.raises(LeaklineError, match="paul has no say in this"):
        not_applicable(decide, number, "paul")
