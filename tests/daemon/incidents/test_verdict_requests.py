"""A decision that an incident is not a breach is remembered for its rules and its user, until it is taken back."""

from __future__ import annotations

from agent.notice.incidents.rule_verdict import VERDICT
from tests.daemon.incidents.incident_state import IncidentState
from tests.notice.incidents.made_incident import incident


def test_what_is_decided_not_a_breach_is_remembered_until_it_is_reopened(state: IncidentState) -> None:
    """In the transaction of the decision; other decisions leave nothing."""
    number, recall = state.add(incident()), state.desks["acme"].recall
    state.ask("decide", number=number, decision="suspected")
    assert not list(recall.keys(VERDICT))
    state.ask("decide", number=number, decision="not-a-breach", reason="her own list")
    (key,) = recall.keys(VERDICT)
    stored = recall(key)
    assert stored is not None and number.encode() in stored and b'"eva"' in stored and b"her own list" in stored
    state.ask("decide", number=number, decision="reopened", reason="it was not hers")
    assert not list(recall.keys(VERDICT))
