"""Drills that are asked for while others run, and what a stop leaves of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.drills.drill_run import STOPPED
from agent.drills.mark import ID, SCENARIO
from agent.errors import LeaklineError
from agent.notice.clocks.reckon import NO_RECIPIENT
from tests.drills.asking.drilled_daemon import DrilledDaemon, drilled

GONE = "gone"
"""A scenario that an upgrade took away."""
NOTICE = {
    "zone": "Europe/Berlin",
    "jurisdictions": ["eu"],
    "clocks_from": "medium",
    "people": [{"name": "ana", "channels": ["siem"]}],
    "channels": [{"name": "siem", "type": "destination", "destination": "file"}],
    "policies": [{"name": "all", "steps": [{"notify": ["ana"]}]}],
}
"""Messages are events of the destination as well."""
NAMES = ("mass_report_export", "mass_file_download", "mass_report_export")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DrilledDaemon]:
    with drilled(tmp_path_factory.mktemp("drilled"), left=GONE, notice=NOTICE) as found:
        yield found


def test_each_waits_for_those_before_it(daemon: DrilledDaemon) -> None:
    """Three that are asked for at once pass one after the other, and none has an incident of another."""
    numbers = [daemon.run(name) for name in NAMES]
    assert daemon.drill(numbers[2])["verdict"] == "waiting"
    assert daemon.drill(numbers[2])["begun_at"] is None
    found = [daemon.ended(number) for number in numbers]
    assert [drill["verdict"] for drill in found] == ["passed"] * 3, found
    assert all(before["ended_at"] <= after["begun_at"] for before, after in pairwise(found))
    incidents = [number for drill in found for number in drill["incidents"]]
    assert all(drill["incidents"] for drill in found)
    assert len(incidents) == len(set(incidents))


def test_what_it_makes_is_marked_and_what_is_said_about_it_is_not(daemon: DrilledDaemon) -> None:
    """Rows, alerts, messages and events of its incidents: a filter takes them all, and leaves that it failed."""
    number = daemon.run("mass_report_export")
    drill = daemon.ended(number)
    daemon.wait(lambda: any(_at(event, "event.action") == "drill-failed" for event in daemon.events()))
    of_drill = b"drill.invalid", drill["incidents"][0].encode()

    def made_of(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [event for event in events if any(name in _text(event) for name in of_drill)]

    daemon.wait(lambda: "incident-acknowledged" in {_at(event, "event.action") for event in made_of(daemon.events())})
    events = daemon.events()
    made = made_of(events)
    actions = {_at(event, "event.action") for event in made}
    assert {
        "incident-opened",
        "incident-grew",
        "alert-raised",
        "incident-acknowledged",
        "escalation-message",
    } <= actions
    assert [event for event in made if not (_at(event, ID) and _at(event, SCENARIO))] == []
    failed = [event for event in events if _at(event, "event.action") == "drill-failed"]
    assert {_at(event, "leakline.drill_result.scenario") for event in failed} == {GONE}
    assert {_at(event, ID) for event in failed} == {None}


def test_what_nobody_expects_fails_the_drill_alone(daemon: DrilledDaemon) -> None:
    """The daemon goes on, and the next drill passes."""

    def ended() -> list[dict[str, Any]]:
        return [drill for drill in daemon.ask("drill_status")["newest"] if drill["scenario"] == GONE]

    daemon.wait(lambda: bool(ended()))
    (gone,) = ended()
    assert gone["verdict"] == "failed"
    assert "there is no scenario gone" in gone["interrupted"]
    assert daemon.ended(daemon.run("mass_file_download"))["verdict"] == "passed"
    assert daemon.daemon.failure == ""


def test_its_notices_go_to_nobody(daemon: DrilledDaemon) -> None:
    """Its drafts name no authority, none is recorded as sent, and the register of breaches does not have it."""
    drill = daemon.ended(daemon.run("mass_report_export"))
    number = drill["incidents"][0]
    rows = [row for row in daemon.ask("notices_list")["notices"] if row["incident"] == number]
    assert {row["recipient"].partition(": ")[2] for row in rows} == {NO_RECIPIENT}
    sent = {"number": number, "obligation": rows[0]["obligation"], "by": "eva", "receipt": "LDI-1"}
    with pytest.raises(LeaklineError, match="of a drill, of which nothing is sent"):
        daemon.ask("notices_sent", **sent)
    with pytest.raises(LeaklineError, match="of a drill, of which nothing is sent"):
        daemon.ask("incidents_decide", decision="sent", **sent)
    register = daemon.ask("incidents_list", register=True)["incidents"]
    assert [row for row in register if row["origin"] == "drill"] == []
    asked_for = daemon.ask("incidents_list", register=True, origin="drill", limit=200)["incidents"]
    assert number in {row["id"] for row in asked_for}


def test_a_stop_fails_the_one_that_runs_and_no_other(tmp_path: Path) -> None:
    """After the next start it has failed with the reason, its incidents are closed, and those that waited pass."""
    with drilled(tmp_path) as daemon:
        cut = daemon.run("mass_report_export")
        waiting = daemon.run("mass_file_download")
        daemon.wait(lambda: daemon.drill(cut)["begun_at"] is not None)
    with drilled(tmp_path) as daemon:
        found = daemon.ended(cut)
        assert (found["verdict"], found["interrupted"]) == ("failed", STOPPED)
        assert daemon.ended(waiting)["verdict"] == "passed"
        assert daemon.ask("incidents_list", origin="drill")["incidents"] == []


def _at(event: dict[str, Any], name: str) -> Any:
    found: Any = event
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _text(event: dict[str, Any]) -> bytes:
    return repr(event).encode()
