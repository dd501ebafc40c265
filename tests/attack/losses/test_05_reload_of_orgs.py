"""Orgs in files of a folder, over real processes: what is told, what a start refuses, kills in the middle of reloads."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.exit_status import WRONG_CONFIGURATION
from tests.attack.four_places import assert_told_everywhere, own_events, problems_of
from tests.attack.losses.test_05_reload_of_a_daemon import reload_of
from tests.end_to_end.agent_process import PATIENCE, AgentProcess

KIND = "org-not-loaded"


class OrgFile:
    """The org of the settings, moved into a file of the folder beside them."""

    def __init__(self, folder: Path, document: dict[str, Any]) -> None:
        (self.org,) = document.pop("orgs")
        self.path = folder / "orgs.d" / "simulated.yaml"
        self.path.parent.mkdir()
        self.write()

    def write(self, **keys: Any) -> None:
        self.path.write_text(yaml.safe_dump({**self.org, **keys}))


@pytest.mark.attack
def test_a_broken_file_of_an_org_is_told_in_all_four_places(document: dict[str, Any], tmp_path: Path) -> None:
    """The org goes on with what it had; the command prints file and line, and what became of each org."""
    file = OrgFile(tmp_path, document)
    agent = AgentProcess(tmp_path, document)
    agent.start()
    try:
        agent.wait_for(agent.drained)
        file.path.write_text("name: simulated\nurl: [\n")
        agent.tell(signal.SIGHUP)
        assert_told_everywhere(agent, KIND, tmp_path / "out")
        done = reload_of(agent.settings)
        assert done.returncode == 1
        assert "simulated.yaml" in done.stdout
        file.write(timeout="31s")
        done = reload_of(agent.settings, "--json")
        answer = json.loads(done.stdout)
        assert (done.returncode, answer["not_loaded"]) == (0, [])
        assert [(org["org"], org["result"]) for org in answer["orgs"]] == [(file.org["name"], "changed")]
        assert not problems_of(agent, KIND)
        agent.wait_for(lambda: own_events(tmp_path / "out", "orgs-reloaded"))
    finally:
        assert agent.stop() == 0


@pytest.mark.attack
def test_a_start_without_any_org_that_loads_is_refused(document: dict[str, Any], tmp_path: Path) -> None:
    """With 78, so that systemd does not try again, and with the file's own error."""
    file = OrgFile(tmp_path, document)
    file.write(timeout="soon")
    settings = tmp_path / "leakline.yaml"
    settings.write_text(yaml.safe_dump(document))
    command = [sys.executable, "-m", "agent", "run", "-c", str(settings)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == WRONG_CONFIGURATION
    assert "simulated.yaml:" in ended.stderr
    assert "'soon' is not a span of time" in ended.stderr


@pytest.mark.attack
def test_kills_in_the_middle_of_reloads_lose_nothing(document: dict[str, Any], tmp_path: Path) -> None:
    """An org that is changed again and again while it is read: after three kills every row is there, and the sums hold."""
    file = OrgFile(tmp_path, document)
    document["rules"] = {"shipped": False}  # a reload takes seconds less
    agent = AgentProcess(tmp_path, document)
    for kill in range(3):
        agent.start()
        for change in range(3):
            file.write(timeout=f"{40 + 3 * kill + change}s")
            began = len(own_events(tmp_path / "out", "orgs-reloaded"))
            agent.tell(signal.SIGHUP)
            if change < 2:  # the last one is in the middle of it when it is killed
                agent.wait_for(lambda began=began: len(own_events(tmp_path / "out", "orgs-reloaded")) > began)
        agent.kill()
    agent.start()
    try:
        agent.wait_for(lambda: agent.status()["read"] and agent.drained())
        status = agent.status()
        assert status["balanced"]
        read = sum(counts["read"] for counts in status["read"] if counts["source"] != "agent")
        lines = [line for path in (tmp_path / "out").glob("events*.ndjson") for line in path.read_text().splitlines()]
        ids = {json.loads(line)["event"]["id"] for line in lines}
        duplicates = sum(counts["duplicate"] for counts in status["read"])
        assert len(ids) >= read - duplicates > 0
    finally:
        assert agent.stop() == 0
