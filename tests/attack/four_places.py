"""What every loss, stop and refusal must do: show in status, its exit status, a metric, the log and at the SIEM."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from tests.end_to_end.agent_process import PATIENCE, AgentProcess


def status_of(settings: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`leakline status` as a person types it."""
    command = [sys.executable, "-m", "agent", "status", "-c", str(settings), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def problems_of(agent: AgentProcess, kind: str) -> list[dict[str, Any]]:
    return [problem for problem in agent.status()["problems"] if problem["kind"] == kind]


def own_events(folder: Path, action: str) -> list[dict[str, Any]]:
    """Events of Leakline's own that arrived at a file destination."""
    lines = [line for path in sorted(folder.glob("*.ndjson")) for line in path.read_text().splitlines(keepends=True)]
    lines = [line for line in lines if line.endswith("\n")]  # the last one may still be being written
    return [event for event in map(json.loads, lines) if event["event"].get("action") == action]


def assert_told_everywhere(agent: AgentProcess, kind: str, healthy: Path, metrics_port: int | None = None) -> None:
    """Waits for the problem, then looks in all four places. `healthy`: the folder of a file destination that works."""
    agent.wait_for(lambda: problems_of(agent, kind))
    (problem, *_) = problems_of(agent, kind)

    status = status_of(agent.settings)
    assert status.returncode == 1, status.stdout + status.stderr
    first = status.stdout.splitlines()[:12]
    assert any(line.startswith(f"{kind} {problem['id']}") for line in first), status.stdout

    document = status_of(agent.settings, "--json")
    assert document.returncode == 1
    (listed, *_) = [problem for problem in json.loads(document.stdout)["problems"] if problem["kind"] == kind]
    assert {"id", "kind", "subject", "since", "message", "fix", "clears"} <= set(listed)

    assert f'"kind": "{kind}"' in agent.log.read_text()
    agent.wait_for(lambda: own_events(healthy, kind))
    (event, *_) = own_events(healthy, kind)
    assert event["event"]["dataset"] == "leakline.agent"
    if metrics_port is not None:
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics_port}/metrics", timeout=PATIENCE) as answer:
            assert f'leakline_problems{{kind="{kind}"}}' in answer.read().decode()
