"""`leakline reload` and SIGHUP: what did not load is told to the caller and in all four places."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.attack.four_places import assert_told_everywhere, own_events, problems_of, status_of
from tests.attack.losses.reloaded import KIND, rule
from tests.end_to_end.agent_process import PATIENCE, AgentProcess


def reload_of(settings: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`leakline reload` as systemd runs it."""
    command = [sys.executable, "-m", "agent", "reload", "-c", str(settings), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


@pytest.mark.attack
def test_a_reload_is_told_in_all_four_places_and_to_its_caller(document: dict[str, Any], tmp_path: Path) -> None:
    """SIGHUP and `leakline reload`, a broken file and its mending; the settings file's own state is not asked."""
    rules = tmp_path / "rules"
    rules.mkdir()
    document["rules"] = {"folders": [str(rules)]}
    (rules / "first.yml").write_text(rule("first"))
    agent = AgentProcess(tmp_path, document)
    agent.start()
    try:
        loaded = agent.status()["rules"]["loaded"]
        done = reload_of(agent.settings)
        assert (done.returncode, "everything loaded" in done.stdout) == (0, True)
        (rules / "first.yml").write_text(rule("first") + "oops: [\n")
        agent.tell(signal.SIGHUP)
        assert_told_everywhere(agent, KIND, tmp_path / "out")
        assert agent.status()["rules"]["loaded"] == loaded
        assert "first.yml:7" in agent.status()["rules"]["problems"][0]
        done = reload_of(agent.settings)
        assert done.returncode == 1
        assert "first.yml:7: " in done.stdout
        (rules / "first.yml").write_text(rule("first", "eve"))
        assert reload_of(agent.settings).returncode == 0
        assert not problems_of(agent, KIND)
        agent.wait_for(lambda: own_events(tmp_path / "out", "file-loaded"))
        agent.wait_for(lambda: not agent.status()["problems"])
        assert status_of(agent.settings).returncode == 0
    finally:
        assert agent.stop() == 0
    assert reload_of(agent.settings).returncode == 3


@pytest.mark.attack
def test_reloads_at_once_take_turns(document: dict[str, Any], tmp_path: Path) -> None:
    """Signals and commands together: each gets the answer of a whole reload."""
    rules = tmp_path / "rules"
    rules.mkdir()
    document["rules"] = {"folders": [str(rules)]}
    (rules / "first.yml").write_text(yaml.safe_dump({"title": "no rule"}))
    agent = AgentProcess(tmp_path, document)
    agent.start()
    command = [sys.executable, "-m", "agent", "reload", "-c", str(agent.settings)]
    try:
        asking = [subprocess.Popen(command, stdout=subprocess.PIPE, env=dict(os.environ)) for _ in range(3)]
        agent.tell(signal.SIGHUP)
        answers = [process.communicate(timeout=PATIENCE)[0] for process in asking]
        assert [process.returncode for process in asking] == [1, 1, 1]
        assert len(set(answers)) == 1
    finally:
        assert agent.stop() == 0
