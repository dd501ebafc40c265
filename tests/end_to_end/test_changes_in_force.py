"""A change that is approved is in force in a real process: through its restart, a kill, a signal, and over a file that does not load."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from agent.config.governed import governed_document
from agent.config.settings import parse
from tests.end_to_end.agent_process import AgentProcess
from tests.permissions.users import USERS, ask_as, needs_users

pytestmark = [needs_users, pytest.mark.timeout(600)]


class Voted(AgentProcess):
    """One that real users may ask. Its settings name two people who are notified."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "control.sock"
        auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "LEAKLINE_TEST"}}
        self.document: dict[str, Any] = {
            "orgs": [{"name": "acme", "url": "https://localhost:9", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "state": {"directory": str(folder / "state"), "control_socket": str(self.socket)},
            "permissions": {"groups": {group: role for role, group in USERS.items()}},
            "notice": {
                "zone": "Europe/Berlin",
                "jurisdictions": ["eu"],
                "people": [{"name": name, "channels": ["siem"]} for name in ("ana", "ben")],
                "channels": [{"name": "siem", "type": "destination", "destination": "file"}],
            },
        }
        super().__init__(folder, self.document, environment={"LEAKLINE_TEST": "of-the-org"})

    def ask(self, role: str, command: str, **arguments: Any) -> Any:
        self.socket.chmod(0o666)
        (answer,) = ask_as(USERS[role], self.socket, [{"command": command, **arguments}])  # type: ignore[index]
        assert "result" in answer, answer
        return answer["result"]

    def approve_that_ben_is_out(self) -> None:
        wanted: dict[str, Any] = orjson.loads(orjson.dumps(governed_document(parse(self.document))))
        wanted["notice"]["people"].pop()
        change = self.ask("admin", "changes_propose", settings=wanted, reason="ben has left")
        for role in ("privacy", "approver"):
            change = self.ask(role, "changes_approve", number=change["number"], outcome=change["outcome"])
        assert change["state"] == "applied"

    def problems(self) -> str:
        """What differs from the file, as the settings in use have it; empty while it does not answer."""
        with suppress(OSError, AssertionError, ValueError, subprocess.CalledProcessError):
            found = self.ask("admin", "status")["problems"]
            return " ".join(problem["message"] for problem in found if problem["kind"] == "settings-drift")
        return ""

    def is_in_force(self) -> bool:
        return "notice.people[ben] (strengthen)" in self.problems()


@pytest.fixture
def process() -> Iterator[Voted]:
    folder = Path(tempfile.mkdtemp())  # pytest's own folders are for this user alone
    folder.chmod(0o755)
    process = Voted(folder)
    process.start()
    yield process
    if not process.has_ended():
        process.kill()
    shutil.rmtree(folder)


def test_it_is_in_force_in_the_same_process(process: Voted) -> None:
    """Which its manager goes on watching."""
    before = process.pid
    process.approve_that_ben_is_out()
    process.wait_for(process.is_in_force)
    assert process.pid == before
    assert process.stop() == 0


@pytest.mark.parametrize("way", ["kill", "stop"])
def test_it_is_in_force_at_the_next_start(process: Voted, way: str) -> None:
    """Whatever ends the process between the vote and its restart: a signal ends it for good."""
    process.approve_that_ben_is_out()
    getattr(process, way)()
    assert process.has_ended()
    process.start()
    process.wait_for(process.is_in_force)


def test_a_file_that_does_not_load_ends_nothing(process: Voted) -> None:
    """The settings before stay in use, and that is a problem, until the file loads."""
    process.settings.write_text("orgs: [")
    process.approve_that_ben_is_out()
    process.wait_for(lambda: "cannot come into force" in process.problems())
    time.sleep(2)
    assert not process.has_ended()
    assert not process.is_in_force()
    process.settings.write_text(yaml.safe_dump(process.document))
    assert process.stop() == 0
    process.start()
    process.wait_for(process.is_in_force)
    assert "cannot come into force" not in process.problems()
