"""A change never goes to a shard that is replaced just then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agent.daemon.incidents.handling_requests import HandlingRequests
from agent.daemon.incidents.incident_access import desk_alone
from agent.daemon.incidents.incident_edit import IncidentEdits
from agent.daemon.incidents.incident_finder import IncidentFinder
from agent.errors import LeaklineError
from agent.notice.regimes.pack import shipped
from tests.daemon.incidents.incident_state import SETTINGS, IncidentState
from tests.notice.incidents.made_incident import incident


@pytest.mark.parametrize("is_closed", [True, False])
def test_an_org_that_is_loaded_anew_refuses_a_change(state: IncidentState, is_closed: bool) -> None:
    """Before its gate is open again, and where its desk is another by the time one comes in."""
    number = state.add(incident())

    @contextmanager
    def entered(org: str) -> Iterator[bool]:
        state.desks[org] = desk_alone(state.stores[org], SETTINGS, state.time)
        yield not is_closed

    edits = IncidentEdits(
        IncidentFinder(lambda: state.desks), state.time, lambda: shipped().pack, state.count_soon, entered
    )
    with pytest.raises(LeaklineError, match="loaded again"):
        HandlingRequests(edits).comment(number=number, text="late", by="eva")
    assert state.ask("show", number=number)["incident"]["comments"] == []
