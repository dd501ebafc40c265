"""`leakline incidents …`, with a daemon's socket and without."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from typer.testing import CliRunner, Result

from agent.cli.app import app
from agent.cli.output.incidents import answers
from agent.errors import LeaklineError
from agent.exit_status import FINE
from tests.daemon.incidents.incident_state import SETTINGS, IncidentState, opened
from tests.notice.incidents.made_incident import CLOCK, NOW, alert, incident

SETTINGS_FILE = {
    "orgs": [
        {
            "name": name,
            "url": f"https://{name}.my.salesforce.com",
            "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "NOT_SET_HERE"}},
        }
        for name in ("acme", "globex")
    ],
    "destinations": [{"type": "file", "directory": "out"}],
    "notice": {"zone": SETTINGS.zone, "jurisdictions": SETTINGS.jurisdictions},
}


@pytest.fixture(autouse=True)
def _moved_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands' own, for what they do without a daemon."""
    monkeypatch.setattr(answers, "utc_now", lambda: NOW)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of the state that `IncidentState` opens in the same folder, and of its socket."""
    path = tmp_path / "leakline.yaml"
    state = {"directory": str(tmp_path / "state"), "control_socket": str(tmp_path / "control.sock")}
    path.write_text(yaml.safe_dump({**SETTINGS_FILE, "state": state}))
    return path


@pytest.fixture(params=["over the socket", "of the state alone"])
def number(request: pytest.FixtureRequest, tmp_path: Path, config: Path) -> Iterator[str]:
    """The id of an incident, which a daemon has, or a state that no daemon has open."""
    with opened(tmp_path) as state:
        id_ = _incident(state)
        if request.param == "over the socket":
            yield id_
            return
    yield id_


def _incident(state: IncidentState) -> str:
    id_ = state.add(incident(alert(0), alert(1, rule="login")))
    state.ask("anchor", number=id_, anchors=["aware=2026-11-27T11:00Z"], basis="the team is sure")
    state.ask("fact", number=id_, facts=["persons_affected=1200", "encrypted=no", "description=a [red]list[/red]"])
    state.reckon(id_, [CLOCK])
    return id_


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["incidents", *arguments, "-c", str(config)])


def answered(config: Path, *arguments: str) -> dict[str, Any]:
    done = run(config, *arguments, "--json")
    assert done.exit_code == FINE, done.output
    found: dict[str, Any] = orjson.loads(done.stdout)
    return found


def test_an_incident_is_listed_and_shown(config: Path, number: str) -> None:
    """With what is known, what is due, and that it is no legal advice."""
    assert [row["id"] for row in answered(config, "list")["incidents"]] == [number]
    listed, shown = run(config, "list").stdout, run(config, "show", number[:9]).stdout
    assert f"{number} high confirmed, 2 alerts, not acknowledged" in listed
    assert "before 2026-11-30 10:00 UTC" in listed
    for part in (
        "aware 2026-11-27 11:00 UTC, declared by eva on 2026-11-27 12:00 UTC: the team is sure",
        "persons_affected 1,200, recorded by eva",
        "encrypted no, recorded by eva",
        "description a [red]list[/red]",
        "eu-gdpr-33/sa to authority: ",
        "1 × Rule login (high, 3 events), rule login",
        f"leakline incidents acknowledge {number} -c {config}\n",
        "This is not legal advice.",
    ):
        assert part in shown


def test_each_command_changes_an_incident(config: Path, number: str) -> None:
    """As a responder and a privacy officer go through one; each says what was done."""
    for command, arguments, said in (
        ("acknowledge", [number], "is acknowledged by"),
        ("assign", [number, "bob"], "is assigned to bob"),
        ("comment", [number, "called the user"], "has a comment of"),
        ("snooze", [number, "--for", "1h"], "is put aside until"),
        ("anchor", [number, "occurred=2026-11-27T09:00:00Z"], "occurred at 2026-11-27 09:00 UTC"),
        ("fact", [number, "records_affected=7", "--basis", "counted"], "records_affected"),
        ("decide", [number, "contained", "--reason", "the app is blocked"], "is contained"),
        (
            "decide",
            [number, "sent", "--obligation", CLOCK.id, "--at", "2026-11-27T13:00", "--receipt", "LDI-1"],
            f"has {CLOCK.id} recorded as sent",
        ),
        ("split", [number, "--rule", "login"], "has 1 alert, split from"),
        ("decide", [number, "not-a-breach", "--reason", "it was a test"], "is not-a-breach"),
        ("decide", [number, "reopened"], "is contained"),
    ):
        done = run(config, command, *arguments)
        assert done.exit_code == FINE, done.output
        assert said in done.stdout
    found = answered(config, "show", number)
    assert found["incident"]["assignee"] == "bob"
    assert found["incident"]["settlements"][CLOCK.id]["at"] == "2026-11-27T12:00:00Z"  # 13:00 in Berlin
    child = next(row["id"] for row in answered(config, "list")["incidents"] if row["id"] != number)
    assert answered(config, "merge", child, "--into", number)["incident"]["alerts"] == 2
    assert answered(config, "list", "--state", "merged")["incidents"][0]["id"] == child


def test_a_candidate_is_closed_with_a_reason(config: Path, tmp_path: Path) -> None:
    """Nothing is due of it."""
    with opened(tmp_path) as state:
        id_ = state.add(incident(alert(0, level="low")))
        assert answered(config, "close", id_, "--reason", "noise")["incident"]["state"] == "closed"
        assert run(config, "list").stdout == "No incidents.\n"


def test_a_refusal_is_a_sentence(config: Path, number: str) -> None:
    """Of the daemon, or of the command."""
    for arguments, said in (
        (["show", "inc-ffffffffffff"], "there is no incident"),
        (["close", number, "--reason", "done"], CLOCK.id),
        (["anchor", number, "aware=2026-11-27T11:30:00Z"], "--basis"),
        (["decide", number, "sent", "--obligation", CLOCK.id], "--receipt"),
    ):
        done = run(config, *arguments)
        assert isinstance(done.exception, LeaklineError)
        assert said in str(done.exception)
