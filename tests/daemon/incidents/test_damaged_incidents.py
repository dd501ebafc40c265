"""An incident that cannot be read hides no other one."""

from __future__ import annotations

import pytest

from agent.errors import LeaklineError
from agent.notice.incidents.book import INCIDENT
from tests.daemon.incidents.incident_state import IncidentState
from tests.notice.incidents.made_incident import alert, incident


def test_a_damaged_incident_is_named_beside_the_others(state: IncidentState) -> None:
    """In every list; asked for alone, or changed, it is said to be damaged."""
    whole, number = state.add(incident(alert(1, user="a"))), state.add(incident(alert(2, user="b")))
    with state.stores["acme"].state.transact() as transaction:
        transaction.apply("response/", {INCIDENT + number: b"{"})
    for selection in ({}, {"everything": True}):
        found = state.ask("list", **selection)
        assert [row["id"] for row in found["incidents"]] == [whole]
        assert found["damaged"] == [number]
    with pytest.raises(LeaklineError, match="damaged"):
        state.ask("show", number=number)
    state.desks["acme"]._book.forget()  # as after a start
    with pytest.raises(LeaklineError, match="damaged"):
        state.ask("comment", number=number, text="who did that?")
