"""`leakline changes …` of a state with people who vote, over a real control socket."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from agent.cli.app import app
from agent.daemon.changes.change_requests import ChangeRequests
from agent.daemon.control.gate import Gate, Peer
from agent.daemon.control.server import ControlServer
from agent.errors import LeaklineError
from agent.permissions.principal import Principal
from agent.permissions.settings import PermissionSettings
from tests.daemon.changes.change_state import DOCUMENT, ChangeState, weaker

NUMBER = "CH-2026-0001"


class Person(Gate):
    """Whoever is named stands behind each connection: this test has one user of the system."""

    def __init__(self, state: ChangeState) -> None:
        super().__init__(lambda: PermissionSettings(groups=DOCUMENT["permissions"]["groups"]))
        self._state = state
        self.name = "adam"

    def principal(self, peer: Peer) -> Principal:
        return self._state.principal(self.name)


class Desk:
    """Commands in the name of a person; the settings file is in `path`."""

    def __init__(self, folder: Path, state: ChangeState) -> None:
        self.state = state
        self.person = Person(state)
        self.path = folder / "leakline.yaml"
        socket = folder / "control.sock"
        self.file: dict[str, Any] = copy.deepcopy(DOCUMENT) | {"state": {"control_socket": str(socket)}}
        self.write(self.path, self.file)
        self.server = ControlServer(socket, ChangeRequests(state.desk).commands(), self.person)

    @staticmethod
    def write(path: Path, document: dict[str, Any]) -> None:
        path.write_text(yaml.safe_dump(document))

    def run(self, name: str, *arguments: str, answer: str = "") -> Result:
        self.person.name = name
        return CliRunner().invoke(app, ["changes", *arguments, "-c", str(self.path)], input=answer)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    state = ChangeState(tmp_path)
    desk = Desk(tmp_path, state)
    yield desk
    desk.server.close()
    state.close()


def said(result: Result) -> str:
    return " ".join((result.output if result.exception is None else str(result.exception)).split())


def test_a_change_from_proposal_to_force(desk: Desk) -> None:
    """Who votes sees it and is asked; it is in force with the last vote that it needs."""
    weaker(desk.file)
    desk.write(desk.path, desk.file)
    proposal = said(desk.run("adam", "propose", "--reason", "ben has left", "--ticket", "HR-12"))
    assert "weaken notice.people[ben]" in proposal and "ben has left (HR-12)" in proposal
    assert "needs 2 more approvals, one of a person with the role privacy" in said(desk.run("olaf", "list"))
    refused = desk.run("olaf", "approve", NUMBER, answer="n\n")
    assert isinstance(refused.exception, LeaklineError) and not desk.state.desk.change(NUMBER).votes
    voted = said(desk.run("olaf", "approve", NUMBER, answer="y\n"))
    assert "weaken notice.people[ben]" in voted and "needs 1 more approval" in voted
    outcome = desk.state.desk.change(NUMBER).outcome
    assert "in force since" in said(desk.run("paul", "approve", NUMBER, "--outcome", outcome[:12]))
    assert desk.state.in_force == outcome
    assert "No change waits" in said(desk.run("olaf", "list"))
    assert yaml.safe_load(desk.run("olaf", "show", NUMBER, "--yaml").stdout)["notice"]["people"][0]["name"] == "ana"


def test_a_copy_of_the_file_can_be_proposed(desk: Desk, tmp_path: Path) -> None:
    """Without the folder of orgs that lies beside the file itself, and without orgs."""
    copied = tmp_path / "elsewhere.yaml"
    document = copy.deepcopy(desk.file)
    weaker(document)
    document.pop("orgs")
    desk.write(copied, document)
    assert "weaken notice.people[ben]" in said(desk.run("adam", "propose", "--reason", "x", "--from", str(copied)))


def test_whose_role_does_not_allow_it_reads_why(desk: Desk) -> None:
    """An approver does not take back what another person proposed, and an admin has no vote."""
    weaker(desk.file)
    desk.write(desk.path, desk.file)
    desk.run("adam", "propose", "--reason", "x")
    assert "adam may not do this" in said(desk.run("adam", "approve", NUMBER, "--outcome", "0" * 12))
    assert "olaf may not do this" in said(desk.run("olaf", "withdraw", NUMBER))
    assert f"{NUMBER} of adam, weaken, 1 difference: withdrawn" in said(desk.run("adam", "withdraw", NUMBER))


def test_who_has_both_roles_does_not_approve_alone(desk: Desk) -> None:
    """The role is enough, and it is their own."""
    weaker(desk.file)
    desk.write(desk.path, desk.file)
    desk.run("alma", "propose", "--reason", "x")
    outcome = desk.state.desk.change(NUMBER).outcome
    assert "a person other than who proposed it" in said(desk.run("alma", "approve", NUMBER, "--outcome", outcome))
