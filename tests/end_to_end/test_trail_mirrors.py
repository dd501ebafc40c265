"""The trail of a real daemon, as others hold it: what is put back is found, reloads and erasures are recorded."""

import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.trail.record import TrailEntry
from agent.trail.shard_trail import ShardTrail
from tests.end_to_end.agent_process import AgentProcess
from tests.end_to_end.test_trail import checkpoints, leakline
from tests.trail.attacks import BEGIN

RULE = """
title: Something of Leakline itself
id: 5d9f6c0e-1111-4c55-9a3b-0123456789ab
status: experimental
level: low
logsource: {product: leakline, service: agent}
detection:
  wanted: {event.action: something}
  condition: wanted
"""


@pytest.fixture
def agent(tmp_path: Path) -> AgentProcess:
    """A daemon whose org refuses connections; checkpoints come ten a second."""
    secret = tmp_path / "secret"
    secret.write_text("not used")
    (tmp_path / "rules").mkdir()
    client = {"type": "client_credentials", "client_id": "id", "client_secret": {"file": str(secret)}}
    document: dict[str, Any] = {
        "orgs": [{"name": "acme", "url": "https://127.0.0.1:9", "auth": client}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "rules": {"shipped": False, "folders": [str(tmp_path / "rules")]},
        "state": {"directory": str(tmp_path / "state")},
        "trail": {"checkpoint_every": "100ms"},
    }
    return AgentProcess(tmp_path, document)


def wait_for_checkpoints(agent: AgentProcess, folder: Path, count: int) -> None:
    seen = len(checkpoints(folder))
    agent.wait_for(lambda: len(checkpoints(folder)) >= seen + count)


def test_a_state_from_an_old_copy_is_found_at_its_start(agent: AgentProcess, tmp_path: Path) -> None:
    """By the files of the destination; the trail itself, with its own checkpoint, is whole."""
    agent.start()
    wait_for_checkpoints(agent, tmp_path, 3)
    assert agent.stop() == 0
    shutil.copytree(tmp_path / "state", tmp_path / "copy")
    agent.start()
    agent.wait_for(lambda: agent.status()["trail"]["mirrors"][0]["inquiry"] == "asked")
    wait_for_checkpoints(agent, tmp_path, 20)
    assert agent.status()["trail"]["mirrors"][0]["accepted"]["size"] > 3
    assert "trail-damaged" not in {problem["kind"] for problem in agent.status()["problems"]}
    assert agent.stop() == 0

    shutil.rmtree(tmp_path / "state")
    shutil.copytree(tmp_path / "copy", tmp_path / "state")
    assert leakline(agent, "verify").returncode == 0
    agent.start()
    agent.wait_for(lambda: "trail-damaged" in {problem["kind"] for problem in agent.status()["problems"]})
    (damage,) = [problem for problem in agent.status()["problems"] if problem["kind"] == "trail-damaged"]
    assert "(file holds that checkpoint)" in damage["message"]
    (mirror,) = agent.status()["trail"]["mirrors"]
    held = max(event["leakline"]["trail"]["size"] for event in checkpoints(tmp_path))
    assert mirror["held_size"] == held
    assert agent.stop() == 0


def records(agent: AgentProcess, folder: Path, kind: str) -> list[dict[str, Any]]:
    """Of the process's chain and the org's."""
    assert leakline(agent, "export", str(folder / "trail")).returncode == 0
    lines = [line for path in (folder / "trail").glob("*.jsonl") for line in path.read_text().splitlines()]
    found = [json.loads(line) for line in lines]
    return [record for record in found if record.get("type") == kind]


def test_a_reload_is_recorded_with_what_is_in_use_then(agent: AgentProcess, tmp_path: Path) -> None:
    """A rule more is another digest; a file that does not load is named, and the digest is that of what runs on."""
    agent.start()
    rule = tmp_path / "rules" / "own.yml"

    def reloaded(text: str) -> dict[str, Any]:
        known = len(records(agent, tmp_path, "reloaded"))
        rule.write_text(text)
        agent.tell(signal.SIGHUP)
        agent.wait_for(lambda: len(records(agent, tmp_path, "reloaded")) > known)
        data: dict[str, Any] = records(agent, tmp_path, "reloaded")[-1]["data"]
        return data

    (started,) = records(agent, tmp_path, "daemon-started")
    first, broken = reloaded(RULE), reloaded(RULE.replace("level: low", "level: none"))
    other = reloaded(RULE.replace("something}", "another}"))
    assert agent.stop() == 0
    assert [started["data"]["rules"], first["rules"], broken["rules"], other["rules"]] == [0, 1, 1, 1]
    digests = [data["rules_sha256"] for data in (started["data"], first, broken, other)]
    assert digests[1] == digests[2]
    assert len(set(digests)) == 3
    assert (first["not_loaded"], broken["files_not_loaded"]) == ([], 1)
    assert "own.yml" in broken["not_loaded"][0]
    assert {data["settings_sha256"] for data in (started["data"], first, broken, other)} == {first["settings_sha256"]}


def with_names(folder: Path, *names: str) -> None:
    """Records with something personal beside them, in the state of a daemon that does not run."""
    directory = StateDirectory(folder)
    process = directory.shard(keys.PROCESS)
    for name in names:
        with process.transact() as transaction:
            entry = TrailEntry("decided", name, personal={"name": "Ada"})
            ShardTrail(process).append(transaction, [entry], BEGIN)
    directory.close()


def test_personal_data_is_erased_with_a_daemon_and_without(agent: AgentProcess, tmp_path: Path) -> None:
    """The trail is whole afterwards; who asks for nothing that is there is told so."""
    agent.start()
    wait_for_checkpoints(agent, tmp_path, 2)
    assert agent.stop() == 0
    with_names(tmp_path / "state", "INC-1", "INC-1", "INC-2")
    reason = ("--reason", "asked for on 3 July")
    alone = leakline(agent, "erase", "--object", "INC-1", *reason, "--json")
    assert json.loads(alone.stdout) == {"object": "INC-1", "erased": {"leakline": 2}}
    agent.start()
    running = leakline(agent, "erase", "--object", "INC-2", *reason)
    assert (running.returncode, running.stdout[:38]) == (0, "erased what stood beside 1 record of I")
    again = leakline(agent, "erase", "--object", "INC-2", *reason)
    assert again.returncode == 3
    assert "nothing personal is kept beside records of 'INC-2'" in again.stderr
    assert leakline(agent, "erase", "--object", "INC-2", "--reason", " ").returncode == 3
    assert [record["object"] for record in records(agent, tmp_path, "personal-data-erased")] == ["INC-1", "INC-2"]
    assert leakline(agent, "verify").returncode == 0
    assert agent.stop() == 0
