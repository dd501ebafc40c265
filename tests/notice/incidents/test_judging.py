"""Anchors, decisions and obligations of an incident."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.notice.declared import NotDeclarable
from agent.notice.incidents.changes.anchoring import anchored, moves
from agent.notice.incidents.changes.closing import closed
from agent.notice.incidents.changes.deciding import JUDGEMENTS, Judgement, decided
from agent.notice.incidents.changes.fact_values import values, with_facts
from agent.notice.incidents.changes.refusal import NotAllowed
from agent.notice.incidents.changes.settling import Statement, obligation_named, settled
from agent.notice.incidents.incident import ENDS, Anchor, Incident, State
from agent.notice.incidents.next_steps import next_steps
from agent.notice.regimes.pack import shipped
from tests.notice.incidents.made_incident import CLOCK, HOUR, NOW, alert, incident

SENT = Statement("sent", receipt="LDI-1")


def confirmed(before: Incident | None = None) -> Incident:
    return anchored(before or incident(), {"aware": NOW - HOUR}, "eva", NOW, clocks=True)


def test_whoever_is_aware_confirms() -> None:
    """A candidate too, whose clocks begin; who said so, when and why is kept."""
    known = anchored(incident(alert(0, level="low")), {"aware": NOW - HOUR}, "eva", NOW, basis="seen", clocks=True)
    assert (known.state, known.has_clocks) == ("confirmed", True)
    assert known.anchors["aware"] == Anchor(NOW - HOUR, "eva", NOW, "seen")
    assert known.decisions[-1].state == "confirmed"


def test_when_it_began_starts_no_clock() -> None:
    """It is no legal anchor; any other takes a candidate up."""
    candidate = incident(alert(0, level="low"))
    began = anchored(candidate, {"event": NOW - 5 * HOUR}, "eva", NOW, clocks=True)
    assert (began.state, began.has_clocks) == ("candidate", False)
    noticed = anchored(candidate, {"noticed": NOW - HOUR}, "eva", NOW, clocks=True)
    assert (noticed.state, noticed.has_clocks) == ("triage", True)
    suspected = anchored(candidate, {"suspected": NOW - HOUR}, "eva", NOW, clocks=True)
    assert (suspected.state, suspected.has_clocks) == ("suspected", True)


def test_a_later_time_needs_a_basis() -> None:
    """An earlier one does not; a presumed one is moved like any other."""
    known = confirmed()
    assert anchored(known, {"aware": NOW - 2 * HOUR}, "eva", NOW, clocks=True).anchors["aware"].time == NOW - 2 * HOUR
    with pytest.raises(NotAllowed, match=r"from 2026-11-27T11:00:00\+00:00 to the later 2026-11-27T12:00:00\+00:00"):
        anchored(known, {"aware": NOW}, "eva", NOW, clocks=True)
    moved = anchored(known, {"aware": NOW}, "eva", NOW, basis="the first report was about another org", clocks=True)
    (move,) = moves(known, moved)
    assert move.is_later
    presumed = replace(known, anchors={"aware": Anchor(NOW - HOUR, "leakline", NOW, "", presumed=True)})
    with pytest.raises(NotAllowed, match="--basis"):
        anchored(presumed, {"aware": NOW}, "eva", NOW, clocks=True)


def test_times_that_contradict_each_other_are_refused_with_both() -> None:
    """Also where one of them was declared before."""
    both = r"2026-11-27T11:00:00\+00:00.*2026-11-27T11:30:00\+00:00"
    with pytest.raises(NotDeclarable, match=both):
        anchored(confirmed(), {"event": NOW - HOUR / 2}, "eva", NOW, clocks=True)
    with pytest.raises(NotDeclarable, match=both):
        anchored(incident(), {"event": NOW - HOUR / 2, "aware": NOW - HOUR}, "eva", NOW, clocks=True)


def test_the_future_and_the_detection_are_not_declared() -> None:
    """Clocks may be five minutes apart."""
    anchored(incident(), {"aware": NOW + HOUR / 12}, "eva", NOW, clocks=True)
    with pytest.raises(NotAllowed, match="is in the future: it is 2026-11-27T12:00:00"):
        anchored(incident(), {"aware": NOW + HOUR}, "eva", NOW, clocks=True)
    with pytest.raises(NotAllowed, match="first alert"):
        anchored(incident(), {"detected": NOW}, "eva", NOW, clocks=True)


def test_who_decides_that_it_is_confirmed_is_aware_now() -> None:
    """Unless it was declared before."""
    decided_now = decided(incident(), "confirmed", "eva", NOW, clocks=True)
    assert (decided_now.state, decided_now.anchors["aware"].time) == ("confirmed", NOW)


STEPS: dict[State, set[Judgement]] = {
    "candidate": {"suspected", "confirmed", "not-a-breach", "not-notifiable"},
    "triage": {"suspected", "confirmed", "not-a-breach", "not-notifiable"},
    "suspected": {"confirmed", "not-a-breach", "not-notifiable"},
    "confirmed": {"contained", "notified", "not-a-breach", "not-notifiable"},
    "contained": {"notified", "not-a-breach", "not-notifiable"},
    "notified": {"contained", "not-a-breach", "not-notifiable"},
    "not-notifiable": {"reopened"},
    "not-a-breach": {"reopened"},
    "closed": {"reopened"},
    "merged": set(),
}


@pytest.mark.parametrize("state", STEPS)
def test_a_decision_is_a_step_from_some_states(state: State) -> None:
    """All others are refused."""
    before = replace(incident(), state=state, merged_into="inc-1" if state == "merged" else "")
    possible = set()
    for judgement in JUDGEMENTS:
        try:
            after = decided(before, judgement, "eva", NOW, reason="so", clocks=True)
        except NotAllowed:
            continue
        possible.add(judgement)
        assert after.decisions[-1].by == "eva"
        assert judgement in (after.state, "reopened")
    assert possible == STEPS[state]


@pytest.mark.parametrize("judgement", ["not-a-breach", "not-notifiable"])
def test_an_end_without_a_notice_needs_a_reason(judgement: Judgement) -> None:
    """It has to be shown years later."""
    with pytest.raises(NotAllowed, match="--reason"):
        decided(incident(), judgement, "eva", NOW, clocks=True)


def test_a_reopened_incident_is_where_it_was() -> None:
    """With the anchors it had; a candidate is taken up."""
    known = decided(confirmed(), "contained", "eva", NOW, clocks=True)
    again = decided(
        decided(known, "not-a-breach", "eva", NOW, reason="a test", clocks=True), "reopened", "bob", NOW, clocks=True
    )
    assert (again.state, again.anchors, again.has_clocks) == ("contained", known.anchors, True)
    noise = closed(incident(alert(0, level="low")), [], "eva", NOW, "noise")
    assert decided(noise, "reopened", "bob", NOW, clocks=True).state == "triage"


def test_an_obligation_ends_with_what_proves_it() -> None:
    """A receipt; a reason and an approver; a reason."""
    known = confirmed()
    assert settled(known, CLOCK.id, SENT, "eva", NOW, CLOCK).settlements[CLOCK.id].receipt == "LDI-1"
    needed = {
        "--receipt": Statement("sent"),
        "--approver": Statement("not-applicable", reason="encrypted"),
        "--reason": Statement("not-applicable", approver="dpo"),
    }
    for option, statement in needed.items():
        with pytest.raises(NotAllowed, match=option):
            settled(known, CLOCK.id, statement, "eva", NOW, CLOCK)


def test_what_was_sent_was_sent_at_a_time_that_can_be() -> None:
    """After the first event and its anchor, and not in the future."""
    known = confirmed()
    for at, said in (
        (NOW + HOUR, "in the future"),
        (NOW - 9 * HOUR, "first event"),
        (NOW - HOUR * 1.5, "before aware"),
    ):
        with pytest.raises(NotAllowed, match=said):
            settled(known, CLOCK.id, replace(SENT, at=at), "eva", NOW, CLOCK)


def test_late_is_what_is_late() -> None:
    """Before its first date has passed there is nothing to explain."""
    late = Statement("late", reason="the authority's site was down")
    with pytest.raises(NotAllowed, match="not late yet"):
        settled(confirmed(), CLOCK.id, late, "eva", NOW + 70 * HOUR, CLOCK)  # the strict date
    assert settled(confirmed(), CLOCK.id, late, "eva", NOW + 71 * HOUR, CLOCK).settlements[CLOCK.id].end == "late"
    waits = replace(CLOCK, due=None, shadow_due=None, planned_due=None)
    with pytest.raises(NotAllowed, match="no date yet"):
        settled(confirmed(), CLOCK.id, late, "eva", NOW, waits)


def test_a_recorded_sending_is_moved_to_a_later_time_with_a_reason_alone() -> None:
    """Later stages count from it."""
    sent = settled(confirmed(), CLOCK.id, SENT, "eva", NOW, CLOCK)
    with pytest.raises(NotAllowed, match="--reason"):
        settled(sent, CLOCK.id, SENT, "eva", NOW + HOUR, CLOCK)
    moved = settled(sent, CLOCK.id, replace(SENT, reason="the first did not arrive"), "eva", NOW + HOUR, CLOCK)
    assert moved.settlements[CLOCK.id].at == NOW + HOUR


def test_an_incident_is_closed_when_every_obligation_has_its_end() -> None:
    """What is open is named."""
    other = replace(CLOCK, obligation="other")
    sent = settled(confirmed(), CLOCK.id, SENT, "eva", NOW, CLOCK)
    with pytest.raises(NotAllowed, match=r"open obligations: eu-gdpr-33/other:"):
        closed(sent, [CLOCK, other], "eva", NOW, "done")
    ended = closed(sent, [CLOCK, replace(other, state="not-applicable")], "eva", NOW, "done")
    assert ended.state == "closed"
    assert ended.state in ENDS


def test_facts_are_of_their_kind() -> None:
    """Numbers that can be counted, truths, and texts."""
    pack = shipped().pack
    assert values(["persons_affected=1200", "encrypted=no", "data_categories=names", "residents_de=3"], pack) == {
        "persons_affected": 1200.0,
        "encrypted": False,
        "data_categories": "names",
        "residents_de": 3.0,
    }
    for wrong in ("persons_affected=some", "persons_affected=1.5", "encrypted=7", "colour=red", "residents_de=-1"):
        with pytest.raises(NotDeclarable):
            values([wrong], pack)


def test_an_ended_incident_can_get_a_fact() -> None:
    """Its place in the register may lack one; a merged one has none of its own any more."""
    ended = decided(incident(), "not-notifiable", "eva", NOW, reason="encrypted", clocks=True)
    assert with_facts(ended, {"encrypted": True}, "eva", NOW).facts["encrypted"].value is True
    with pytest.raises(NotAllowed, match="merged into inc-1"):
        with_facts(replace(ended, state="merged", merged_into="inc-1"), {"encrypted": True}, "eva", NOW)


def test_a_contract_of_what_is_not_notifiable_can_come_to_its_end() -> None:
    """Its clock runs on, and reopening the incident would begin all others again; what to do next is that alone."""
    ended = decided(confirmed(), "not-notifiable", "eva", NOW, reason="encrypted", clocks=True)
    contract = replace(CLOCK, regime="contract:big-customer", obligation="customer")
    (step,) = next_steps(ended, [contract], NOW)
    assert "sent --obligation contract:big-customer/customer" in step.command
    after = settled(ended, contract.id, SENT, "eva", NOW, contract)
    assert (after.state, after.settlements[contract.id].receipt) == ("not-notifiable", "LDI-1")
    assert next_steps(after, [contract], NOW) == []


def test_an_obligation_that_is_misspelt_is_compared_with_those_of_the_incident() -> None:
    """One that does not bind is no help; without clocks those of the pack are."""
    with pytest.raises(NotAllowed) as refused:
        obligation_named(f"{CLOCK.id}x", [CLOCK], shipped().pack)
    assert str(refused.value.hint).endswith(f"such as {CLOCK.id}")
    with pytest.raises(NotAllowed) as refused:
        obligation_named("uk-gdpr-33/icoo", [], shipped().pack)
    assert "uk-gdpr-33/ico" in str(refused.value.hint)
