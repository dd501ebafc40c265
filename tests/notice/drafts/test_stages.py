"""From a draft to what was sent, and what follows it."""

import pytest

from agent.errors import LeaklineError
from tests.notice.drafts.notice_state import SA, NoticeState

EARLY, SECOND, FINAL = (f"eu-nis2-23/{stage}" for stage in ("early_warning", "notification", "final"))


def test_a_sign_off_is_of_one_version(state: NoticeState) -> None:
    """A new one has none; the old one keeps its own."""
    first = state.ask("draft")
    view = state.ask("sign")
    assert (view["state"], view["sign_offs"][0]["digest"]) == ("signed", first["digest"])
    assert state.ask("draft", values={"risk_level": "low"})["state"] == "draft"
    assert [sign["version"] for sign in state.ask("show", version=1)["sign_offs"]] == [1]
    with pytest.raises(LeaklineError, match="not the latest"):
        state.ask("sign", version=1)
    state.ask("sign", by="ana")
    view = state.ask("sign", by="eva", version=2)
    assert [(sign["version"], sign["by"]) for sign in view["sign_offs"]] == [(1, "eva"), (2, "ana"), (2, "eva")]
    with pytest.raises(LeaklineError, match="before"):
        state.ask("sign", by="eva")


def test_nothing_is_signed_or_sent_that_is_not_drafted(state: NoticeState) -> None:
    """A preview is no version."""
    for request, arguments in (("sign", {}), ("sent", {"receipt": "x"})):
        with pytest.raises(LeaklineError, match="there is no draft"):
            state.ask(request, **arguments)
    state.ask("draft")
    with pytest.raises(LeaklineError, match="no version 2"):
        state.ask("sign", version=2)


def test_a_signed_version_says_what_is_known_differently_by_now(state: NoticeState) -> None:
    """Facts that changed after it was signed."""
    state.incidents("fact", facts=["persons_affected=10"])
    state.ask("draft")
    state.ask("sign")
    assert state.ask("show")["changes"] == []
    state.incidents("fact", facts=["persons_affected=2000"])
    (change,) = state.ask("show")["changes"]
    assert (change["id"], change["then"], change["now"]) == ("persons_affected", "10", "2,000")


def test_what_was_sent_ends_its_clock(state: NoticeState) -> None:
    """In one transaction with its record; as `incidents decide sent` does."""
    state.ask("draft")
    state.ask("sign")
    view = state.ask("sent", receipt="LDI-1", at="2026-11-27T12:30+01:00", channel="the portal")
    assert view["state"] == "sent"
    assert (view["submissions"][0]["at"], view["submissions"][0]["receipt"]) == ("2026-11-27T11:30:00Z", "LDI-1")
    state.look()
    clock = state.clocks()[SA]
    assert (clock.state, clock.receipt) == ("sent", "LDI-1")
    settled, submitted = state.records("incident-obligation-settled", "notice-submitted")
    assert submitted["data"]["digest"] == view["digest"]
    assert submitted["data"]["signed_by"] == ["eva"]
    assert settled["seq"] + 1 == submitted["seq"]
    assert len(state.events("notice-submitted")) == len(state.events("incident-obligation-settled")) == 1


def test_what_was_sent_without_a_sign_off_is_recorded_and_said(state: NoticeState) -> None:
    """The record is of what happened."""
    state.ask("draft")
    assert "no sign-off" in state.ask("sent", receipt="LDI-1")["message"]
    (record,) = state.records("notice-submitted")
    assert record["data"]["signed_by"] == []


def test_later_stages_count_from_what_was_sent(state: NoticeState) -> None:
    """The final report waits for the notification."""
    state.incidents("anchor", anchors=["aware_significant=2026-11-27T11:00Z"])
    state.look()
    assert state.clocks()[FINAL].due is None
    for stage in (EARLY, SECOND):
        state.ask("draft", stage)
        state.ask("sent", stage, receipt="BSI-1", at="2026-11-27T12:00Z")
    state.look()
    final = state.clocks()[FINAL]
    assert (final.state, final.anchored_at) == ("running", state.now)
    assert "eu-nis2-23/notification sent at" in str(state.ask("show", FINAL)["version"]["entries"])


def test_a_follow_up_says_what_the_first_notice_was_missing(state: NoticeState) -> None:
    """Information in phases: what is given now and what is open still; the clock stays as it ended."""
    first = state.ask("draft")
    lacked = [found["id"] for found in first["missing"]]
    state.ask("sent", receipt="LDI-1", at="2026-11-27T11:30Z")
    state.look()
    with pytest.raises(LeaklineError, match="--follow-up"):
        state.ask("draft")
    state.move(days=3)
    view = state.ask("draft", values={"risk_level": "low"}, follow_up=True)
    assert (view["version"]["kind"], view["version"]["follows"], view["version"]["promised"]) == (
        "follow-up",
        1,
        lacked,
    )
    assert view["follow_up"] == {"given": ["risk_level"], "open": [id_ for id_ in lacked if id_ != "risk_level"]}
    assert "reasons_for_delay" not in {found["id"] for found in view["missing"]}
    assert state.ask("draft", values={"cross_border": "no"})["follow_up"]["given"] == ["risk_level", "cross_border"]
    state.ask("sent", receipt="LDI-2")
    state.look()
    assert state.clocks()[SA].receipt == "LDI-1"
    view = state.ask("show")
    assert [sent["receipt"] for sent in view["submissions"]] == ["LDI-1", "LDI-2"]
    again = state.ask("draft", follow_up=True)
    assert (again["version"]["follows"], "risk_level" in again["version"]["promised"]) == (3, False)


def test_a_withdrawal_needs_its_reason_alone(state: NoticeState) -> None:
    """Only what was sent is withdrawn."""
    state.ask("draft")
    for wish in ({"withdraw": True}, {"follow_up": True}):
        with pytest.raises(LeaklineError, match="not recorded as sent"):
            state.request("notices_draft", number=state.number, obligation=SA, by="eva", **wish)
    state.ask("sent", receipt="LDI-1")
    view = state.ask("draft", withdraw=True)
    assert view["version"]["completeness"] == "withdraw"
    assert [found["id"] for found in view["missing"]] == ["withdrawn_because"]
    view = state.ask("draft", values={"withdrawn_because": "no data were read"})
    assert (view["version"]["completeness"], view["missing"]) == ("withdraw", [])
    assert view["follow_up"] == {"given": [], "open": []}


def test_what_follows_a_notice_leaves_a_later_decision_as_it_is(state: NoticeState) -> None:
    """It was sent, then decided not to be needed, then withdrawn: the receipt of that is recorded with the notice alone."""
    state.ask("draft")
    state.ask("sent", receipt="LDI-1")
    state.ask("not_applicable", reason="no personal data", approver="C. Dubois")
    state.ask("draft", withdraw=True, values={"withdrawn_because": "no personal data"})
    view = state.ask("sent", receipt="LDI-2")
    assert "its clock" not in view["message"]
    assert [sent["receipt"] for sent in view["submissions"]] == ["LDI-1", "LDI-2"]
    state.look()
    assert state.clocks()[SA].state == "not-applicable"


def test_a_submission_is_corrected_with_a_reason(state: NoticeState) -> None:
    """Both records stay."""
    state.ask("draft")
    state.ask("sent", receipt="LDI-1", at="2026-11-27T11:30Z")
    with pytest.raises(LeaklineError, match="--reason"):
        state.ask("sent", receipt="LDI-2")
    view = state.ask("sent", receipt="LDI-2", at="2026-11-27T11:45Z", reason="the number was mistyped")
    assert [sent["receipt"] for sent in view["submissions"]] == ["LDI-1", "LDI-2"]
    state.look()
    assert (state.clocks()[SA].receipt, state.clocks()[SA].ended_at) == ("LDI-2", state.now.replace(hour=11, minute=45))


def test_what_was_decided_as_sent_before_keeps_its_time(state: NoticeState) -> None:
    """The notice takes it from there."""
    state.incidents("decide", decision="sent", obligation=SA, receipt="LDI-1", at="2026-11-27T11:30Z")
    state.look()
    state.ask("draft")
    view = state.ask("sent", receipt="LDI-1")
    assert view["submissions"][0]["at"] == "2026-11-27T11:30:00Z"
    assert len(state.records("incident-obligation-settled")) == 1


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({}, "a receipt is needed"),
        ({"receipt": "x", "at": "2026-11-27T13:00Z"}, "future"),
        ({"receipt": "x", "at": "2026-11-27T10:30Z"}, "before aware"),
        ({"receipt": "x", "at": "soon"}, "is not a time"),
        ({"receipt": "two\nlines"}, "one line"),
    ],
)
def test_a_submission_that_cannot_be_is_refused_whole(state: NoticeState, arguments: dict[str, str], said: str) -> None:
    """Nothing of it is stored."""
    state.ask("draft")
    before = state.stored()
    with pytest.raises(LeaklineError, match=said):
        state.ask("sent", **arguments)
    assert state.stored() == before


def test_what_need_not_be_sent_ends_by_the_same_rules_as_a_decision(state: NoticeState) -> None:
    """With a reason and an approver."""
    with pytest.raises(LeaklineError, match="approver"):
        state.ask("not_applicable", reason="encrypted", approver="")
    state.ask("not_applicable", reason="encrypted", approver="C. Dubois")
    state.look()
    assert state.clocks()[SA].state == "not-applicable"
    (record,) = state.records("incident-obligation-settled")
    assert (record["data"]["end"], record["data"]["approver"]) == ("not-applicable", "C. Dubois")
