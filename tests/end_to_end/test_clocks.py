"""The clocks of a real daemon: what passed while it did not run is said at its start, and shown by commands with it and without."""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.notice.settings import NoticeSettings
from tests.end_to_end.agent_process import PATIENCE, AgentProcess
from tests.notice.clocks.life import Life

NOTICE = {"zone": "Europe/Berlin", "jurisdictions": ["eu"]}
SA = "eu-gdpr-33/sa"


@pytest.fixture
def agent(tmp_path: Path) -> AgentProcess:
    secret = tmp_path / "secret"
    secret.write_text("not used")
    client = {"type": "client_credentials", "client_id": "id", "client_secret": {"file": str(secret)}}
    document: dict[str, Any] = {
        "orgs": [{"name": "acme", "url": "https://127.0.0.1:9", "auth": client}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
        "notice": NOTICE,
    }
    return AgentProcess(tmp_path, document)


def listed(agent: AgentProcess) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-m", "agent", "clocks", "list", "--json", "-c", str(agent.settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return {f"{clock['regime']}/{clock['obligation']}": clock for clock in json.loads(done.stdout)}


def sent(folder: Path) -> dict[str, dict[str, Any]]:
    """Events of clocks that the destination received, by their action."""
    path = folder / "out" / "alerts.ndjson"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    found = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return {event["event"]["action"]: event for event in found if event["event"]["action"].startswith("clock-")}


def test_a_deadline_that_passed_while_nothing_ran_is_said_at_the_start(agent: AgentProcess, tmp_path: Path) -> None:
    """By the daemon in the SIEM, and by `clocks list` over its socket as from the state alone."""
    now = datetime.now(UTC).replace(microsecond=0)
    life = Life(tmp_path / "state", NoticeSettings.model_validate(NOTICE), now=now - timedelta(days=4))
    life.open()
    life.look()
    life.declare("aware", life.now)
    life.close()
    assert listed(agent)[SA]["left_seconds"] < 0
    agent.start()
    until = time.monotonic() + PATIENCE
    while "clock-late" not in sent(tmp_path) and time.monotonic() < until:
        time.sleep(0.1)
    late = sent(tmp_path)["clock-late"]
    assert late["leakline"]["clock"]["regime"] == "eu-gdpr-33"
    assert late["message"].endswith("Leakline was not running")
    assert listed(agent)[SA]["state"] == "late"
    agent.stop()
    assert listed(agent)[SA]["state"] == "late"
