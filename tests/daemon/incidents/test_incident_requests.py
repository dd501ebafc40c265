"""What people ask of incidents over the control socket, on a real state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.errors import LeaklineError
from agent.notice.incidents.book import RECKON
from agent.notice.incidents.grouping import Grouping
from agent.store import keys
from tests.daemon.incidents.incident_state import IncidentState, opened
from tests.notice.incidents.made_incident import CLOCK, HOUR, alert, incident

CHANGES: dict[str, dict[str, Any]] = {
    "acknowledge": {},
    "assign": {"person": "bob"},
    "comment": {"text": "called the user"},
    "snooze": {"span": "2h"},
    "anchor": {"anchors": ["occurred=2026-11-27T09:00", "aware=2026-11-27T12:30"], "basis": "seen"},
    "fact": {"facts": ["persons_affected=12", "data_categories=names"]},
    "decide": {"decision": "suspected"},
    "split": {"rule": "login"},
}
CRITICAL = {"anchor", "decide", "split", "merge", "close"}


@pytest.mark.parametrize("request_name", CHANGES)
def test_a_change_is_stored_recorded_and_announced(state: IncidentState, request_name: str) -> None:
    """In one transaction; what is critical asks for a checkpoint after it."""
    number = state.add(incident(alert(0), alert(1, rule="login")))
    before = len(state.records())
    answer = state.ask(request_name, number=number, **CHANGES[request_name])
    added = state.records()[before:]
    assert added
    for line in added:
        record = orjson.loads(line)
        assert record["actor"] == {"kind": "person", "name": "eva"}
        assert record["type"].startswith("incident-")
    outbox = [
        state.stores["acme"].state.data(key) or b"" for key in state.stores["acme"].state.keys(keys.OUTBOX.prefix)
    ]
    newest = orjson.loads(outbox[-1])
    assert answer["message"] in str(newest).replace(f" ({answer['incident']['title']})", "")
    assert state.ask("show", number=answer["incident"]["id"])["incident"] == answer["incident"]
    assert state.soon == (request_name in CRITICAL)


def test_personal_data_stay_out_of_the_chain(state: IncidentState) -> None:
    """Free text can be erased without breaking it."""
    number = state.add(incident())
    state.ask("comment", number=number, text="Ana Example called")
    state.ask("fact", number=number, facts=["description=Ana Example lost it"], basis="Ana Example said so")
    state.ask("decide", number=number, decision="not-a-breach", reason="Ana Example was mistaken")
    assert not [line for line in state.records() if b"Ana Example" in line]


def test_clocks_are_reckoned_again_after_what_moves_them(state: IncidentState) -> None:
    """And times without an offset are meant in the zone of the settings."""
    number = state.add(incident())
    answer = state.ask("anchor", number=number, anchors=["aware=2026-11-27T12:30"])
    assert answer["incident"]["anchors"]["aware"]["time"] == "2026-11-27T11:30:00Z"
    assert answer["incident"]["state"] == "confirmed"
    assert state.desks["acme"].recall(RECKON + number) == b""


def test_without_the_settings_no_clock_begins(tmp_path: Path) -> None:
    """An incident can be confirmed and closed all the same."""
    with opened(tmp_path, None) as state:
        number = state.add(replace(incident(), has_clocks=False))
        answer = state.ask("anchor", number=number, anchors=["aware=2026-11-27T10:00Z"])
        assert (answer["incident"]["state"], answer["incident"]["has_clocks"]) == ("confirmed", False)
        assert state.ask("close", number=number, reason="done")["incident"]["state"] == "closed"


def test_an_incident_is_found_by_the_beginning_of_its_id(state: IncidentState) -> None:
    """In any org; one that is not clear or not there is answered with ids that are."""
    first, second = state.add(incident()), state.add(incident(alert(1, user="bob")), "globex")
    assert state.ask("show", number=first[:8])["incident"]["id"] == first
    assert state.ask("show", number=second.removeprefix("inc-")[:6])["org"] == "globex"
    wrong = first[:-1] + ("0" if first[-1] != "0" else "1")
    with pytest.raises(LeaklineError, match=f"no incident {wrong}: write {first}"):
        state.ask("show", number=wrong)
    twin = replace(incident(), id=first[:8] + "ffffffff")
    state.add(twin)
    with pytest.raises(LeaklineError, match=r"several incidents.*write more of one of"):
        state.ask("acknowledge", number=first[:8])


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "an id that is none": ("show", {"number": "../../etc"}),
    "an empty id": ("show", {"number": ""}),
    "a number for an id": ("show", {"number": 7}),
    "a state that is none": ("list", {"state": "burning"}),
    "an origin that is none": ("list", {"origin": "mars"}),
    "a limit that is none": ("list", {"limit": 0}),
    "nothing to declare": ("anchor", {"anchors": []}),
    "no list": ("anchor", {"anchors": "aware=2026-11-27T10:00Z"}),
    "no time": ("anchor", {"anchors": ["aware=yesterday"]}),
    "a day that is none": ("anchor", {"anchors": ["aware=2026-02-30T10:00Z"]}),
    "no such anchor": ("anchor", {"anchors": ["awear=2026-11-27T10:00Z"]}),
    "a prior stage": ("anchor", {"anchors": ["prior_stage:sa=2026-11-27T10:00Z"]}),
    "aware before it occurred": ("anchor", {"anchors": ["aware=2026-11-27T10:00Z", "occurred=2026-11-27T11:00Z"]}),
    "an anchor twice": ("anchor", {"anchors": ["aware=2026-11-27T10:00Z", "aware=2026-11-27T10:30Z"]}),
    "the future": ("anchor", {"anchors": ["aware=2026-11-29T10:00Z"]}),
    "no such zone": ("anchor", {"anchors": ["aware=2026-11-27T10:00"], "zone": "../../etc/passwd"}),
    "a basis with an escape": ("anchor", {"anchors": ["aware=2026-11-27T10:00Z"], "basis": "\x1b[2J"}),
    "no such fact": ("fact", {"facts": ["personss=1"]}),
    "a fact of another kind": ("fact", {"facts": ["persons_affected=many"]}),
    "half a person": ("fact", {"facts": ["persons_affected=0.5"]}),
    "a long text": ("fact", {"facts": [f"description={'x' * 5_000}"]}),
    "no such decision": ("decide", {"decision": "perhaps"}),
    "a reason that is missing": ("decide", {"decision": "not-a-breach"}),
    "contained before it is confirmed": ("decide", {"decision": "contained"}),
    "sent without an obligation": ("decide", {"decision": "sent", "receipt": "x"}),
    "no such obligation": ("decide", {"decision": "sent", "obligation": "eu-gdpr-33/as", "receipt": "x"}),
    "no receipt": ("decide", {"decision": "sent", "obligation": "eu-gdpr-33/sa"}),
    "an approver that is missing": (
        "decide",
        {"decision": "not-applicable", "obligation": "eu-gdpr-33/sa", "reason": "encrypted"},
    ),
    "a receipt for an incident": ("decide", {"decision": "confirmed", "receipt": "x"}),
    "a reopening of what is open": ("decide", {"decision": "reopened"}),
    "an end without a reason": ("close", {"reason": " "}),
    "no end to a snooze": ("snooze", {}),
    "two ends of a snooze": ("snooze", {"span": "1h", "until": "2026-11-27T13:00Z"}),
    "a long snooze": ("snooze", {"span": "30d"}),
    "a span that is none": ("snooze", {"span": "soon"}),
    "a comment without a text": ("comment", {"text": ""}),
    "a person of two lines": ("assign", {"person": "a\nb"}),
    "nothing to split": ("split", {}),
    "an alert of another": ("split", {"alerts": ["ff"]}),
    "a merge of nothing": ("merge", {"numbers": []}),
    "a merge with itself": ("merge", {"numbers": ["*"]}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence_and_changes_nothing(state: IncidentState, case: str) -> None:
    """No key, no record, no event differs."""
    request, arguments = REFUSED[case]
    number = state.add(incident())
    if request == "merge":
        arguments = {"into": number, "numbers": [number for _ in arguments["numbers"]]}
    elif request != "list":
        arguments = {"number": number, **arguments}
    before = state.stored()
    with pytest.raises(LeaklineError) as raised:
        state.ask(request, **arguments)
    assert state.stored() == before
    said = str(raised.value)
    assert 20 < len(said) < 600
    assert said.count("\n") == 0
    assert "traceback" not in said.lower()


def test_orgs_stay_apart(state: IncidentState) -> None:
    """Each has a trail of its own."""
    first, second = state.add(incident()), state.add(incident(alert(1, user="bob")), "globex")
    with pytest.raises(LeaklineError, match=r"of globex, .* of acme"):
        state.ask("merge", numbers=[second], into=first)


def test_alerts_follow_a_merge_and_a_split(state: IncidentState) -> None:
    """Of the user of the one that was merged; a later word about an alert that was split off goes with it."""
    first = state.add(incident(alert(0), alert(1, rule="login")))
    second = state.add(incident(alert(2, user="bob")))
    assert state.ask("merge", numbers=[second], into=first)["incident"]["alerts"] == 3
    assert joined(state, alert(5, user="bob")) == first
    child = state.ask("split", number=first, alerts=[alert(1).identity], rule="login")["incident"]["id"]
    assert child != first
    assert joined(state, alert(6)) == first
    assert joined(state, replace(alert(1, rule="login"), is_revision=True)) == child
    assert joined(state, replace(alert(0), is_revision=True)) == first
    with pytest.raises(LeaklineError, match="not an alert"):
        state.ask("split", number=first, alerts=[alert(1).identity], rule="export")


def joined(state: IncidentState, another: Any) -> str:
    """The incident that an alert of a batch would join now."""
    grouping = Grouping(state.desks["acme"]._book, 24 * HOUR)
    found, _ = grouping.found(another)
    return found.id if found else ""


def test_an_incident_is_closed_when_its_clocks_have_ended(state: IncidentState) -> None:
    """Not before they were reckoned; what is open is named."""
    number = state.add(incident())
    state.ask("anchor", number=number, anchors=["aware=2026-11-27T11:00Z"])
    with pytest.raises(LeaklineError, match="not reckoned yet"):
        state.ask("close", number=number, reason="done")
    state.reckon(number, [CLOCK])
    with pytest.raises(LeaklineError, match=f"open obligations: {CLOCK.id}"):
        state.ask("close", number=number, reason="done")
    state.ask("decide", number=number, decision="sent", obligation=CLOCK.id, receipt="LDI-1")
    state.reckon(number, [replace(CLOCK, state="sent")])
    assert state.ask("close", number=number, reason="done")["incident"]["state"] == "closed"
    with pytest.raises(LeaklineError, match="reopened"):
        state.ask("acknowledge", number=number)


def test_a_decision_that_cannot_be_stored_leaves_nothing(state: IncidentState, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in memory either: the next one is made of what is stored."""
    number = state.add(incident())
    desk = state.desks["acme"]

    def fail(*_: object) -> None:
        raise LeaklineError("the trail cannot be written")

    with monkeypatch.context() as broken:
        broken.setattr(desk, "_record", fail)
        with pytest.raises(LeaklineError, match="cannot be written"):
            state.ask("decide", number=number, decision="suspected")
    assert state.soon == 0
    assert state.ask("show", number=number)["incident"]["state"] == "triage"
    assert state.ask("decide", number=number, decision="suspected")["incident"]["state"] == "suspected"
