"""Who may do what counts where no daemon runs too: whoever can open the state directory is root, or the service's own user."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from agent.config.settings import Settings, parse
from agent.daemon.changes.settings_record import record_settings
from agent.daemon.control.gate import Denied
from agent.daemon.control.state_alone import opened_shards
from agent.daemon.incidents.incident_access import desk_alone, incident_requests
from agent.daemon.trail.trail_access import stored_trail
from agent.store.keys import PROCESS
from tests.daemon.changes.change_state import DOCUMENT
from tests.notice.incidents.made_incident import NOW, incident


def written(folder: Path, **keys: Any) -> Settings:
    return parse({**copy.deepcopy(DOCUMENT), "state": {"directory": str(folder / "state")}, **keys})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Approved ones, with an open incident; no daemon runs."""
    found = written(tmp_path)
    with opened_shards(found, lambda: NOW) as shards:
        desk = desk_alone(shards[PROCESS], found.notice, lambda: NOW)
        record_settings(desk, found)
        with desk.changing() as change:
            change.put(None, incident(), "incident-opened", "opened", by="leakline", data={})
    return found


def test_neither_root_nor_the_service_judges(settings: Settings) -> None:
    """Nor do they read who it is about, or the trail."""
    with incident_requests(settings, lambda: NOW) as ask:
        for request in ("show", "acknowledge", "decide", "close"):
            with pytest.raises(Denied):
                ask(f"incidents_{request}", number="inc-1")
    with stored_trail(settings, lambda: NOW) as trail, pytest.raises(Denied):
        list(trail.lines(PROCESS))


def test_a_denial_is_told_by_the_next_start(settings: Settings) -> None:
    """It waits among the events of the state."""
    with incident_requests(settings, lambda: NOW) as ask, pytest.raises(Denied):
        ask("incidents_decide", number="inc-1", decision="not-a-breach", reason="x")
    with opened_shards(settings, lambda: NOW) as shards:
        said = [str(event) for batch in shards[PROCESS].problems.events() for event in batch.frame["event.action"]]
    assert said.count("access-denied") == 1


def test_a_file_without_permissions_opens_nothing(tmp_path: Path, settings: Settings) -> None:
    """What was approved counts, whatever the file says that a command is given."""
    other = written(tmp_path, permissions=None)
    assert other.permissions is None
    with incident_requests(other, lambda: NOW) as ask, pytest.raises(Denied):
        ask("incidents_show", number="inc-1")
