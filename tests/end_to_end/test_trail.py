"""The trail of a real daemon: whole after kills at any moment, mirrored, and not to be changed unseen."""

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.agent_process import AgentProcess

KILLS = 6
VERIFIER = Path(__file__).parents[2] / "packaging" / "verify_trail.py"


@pytest.fixture
def agent(tmp_path: Path) -> AgentProcess:
    """A daemon whose org refuses connections, which is something to record; checkpoints come one upon the other."""
    secret = tmp_path / "secret"
    secret.write_text("not used")
    client = {"type": "client_credentials", "client_id": "id", "client_secret": {"file": str(secret)}}
    document: dict[str, Any] = {
        "orgs": [{"name": "acme", "url": "https://127.0.0.1:9", "auth": client}],
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
        "trail": {"checkpoint_every": "50ms"},
    }
    return AgentProcess(tmp_path, document)


def leakline(agent: AgentProcess, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "agent", "trail", *arguments, "-c", str(agent.settings)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def events(folder: Path) -> list[dict[str, Any]]:
    """What the destination received in the lane of alerts."""
    path = folder / "out" / "alerts.ndjson"
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith(b"\n")]


def checkpoints(folder: Path) -> list[dict[str, Any]]:
    """Those among them."""
    return [event for event in events(folder) if event["event"]["action"] == "trail-checkpoint"]


def test_the_trail_is_whole_after_kills_and_every_destination_has_its_checkpoints(
    agent: AgentProcess, tmp_path: Path
) -> None:
    """Whatever was committed has its record, by both verifiers and by the checkpoints that were delivered."""
    moments = random.Random(3)
    for _ in range(KILLS):
        agent.start()
        time.sleep(moments.random() * 0.4)  # at any moment of a checkpoint
        agent.kill()
    agent.start()
    seen = len(checkpoints(tmp_path))
    agent.wait_for(lambda: len(checkpoints(tmp_path)) > seen + 3)
    verified = leakline(agent, "verify", "--json", "--checkpoints", str(tmp_path / "out" / "alerts.ndjson"))
    assert json.loads(verified.stdout)["findings"] == []
    assert leakline(agent, "export", str(tmp_path / "trail")).returncode == 0
    assert agent.stop() == 0
    assert leakline(agent, "export", str(tmp_path / "trail")).returncode == 0

    alone = [sys.executable, str(VERIFIER), str(tmp_path / "trail")]
    (tmp_path / "received.jsonl").write_text(
        "".join(json.dumps({"note": event["leakline"]["trail"]["note"]}) + "\n" for event in checkpoints(tmp_path))
    )
    done = subprocess.run([*alone, str(tmp_path / "received.jsonl")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    records = [json.loads(line) for line in (tmp_path / "trail" / "process.jsonl").read_text().splitlines()]
    assert [record["seq"] for record in records] == list(range(len(records)))
    types = [record["type"] for record in records]
    assert types.count("daemon-started") == KILLS + 1
    assert types[-1] == "daemon-stopped"
    org = (tmp_path / "trail" / "org-acme.jsonl").read_text()
    assert '"type":"source-failed"' in org


def test_a_changed_trail_is_reported_and_not_repaired(agent: AgentProcess, tmp_path: Path) -> None:
    """At the next start, in the status and as an event; the files stay as they are."""
    agent.start()
    agent.wait_for(lambda: len(checkpoints(tmp_path)) > 3)
    assert agent.stop() == 0
    (part,) = (tmp_path / "state" / "process" / "trail").glob("*.jsonl")
    whole = part.read_bytes()
    changed = whole.replace(b'"daemon-started"', b'"daemon-startet"', 1)
    part.write_bytes(changed)
    verified = leakline(agent, "verify")
    assert verified.returncode == 1
    assert "FAIL leakline/1" in verified.stdout

    agent.start()
    agent.wait_for(lambda: any(problem["kind"] == "trail-damaged" for problem in agent.status()["problems"]))
    assert agent.stop() == 0
    assert part.read_bytes().startswith(changed)

    shutil.rmtree(tmp_path / "state" / "process" / "trail")  # the whole of it
    assert leakline(agent, "verify").returncode == 1


def test_a_record_is_proved_without_the_rest(agent: AgentProcess, tmp_path: Path) -> None:
    """Its path leads to a noted head, that note's to the root that is signed."""
    from agent.signing.signed_note import NoteVerifier
    from agent.trail.checkpoint import opened
    from agent.trail.record import link, read
    from agent.trail.tree import root_from_path

    agent.start()
    agent.wait_for(lambda: "source-failed" in {event["event"]["action"] for event in events(tmp_path)})
    assert leakline(agent, "checkpoint").returncode == 0
    proof = json.loads(leakline(agent, "prove", "acme/0").stdout)
    about = json.loads(leakline(agent, "checkpoint", "--json").stdout)
    assert agent.stop() == 0
    signed = opened(proof["checkpoint"], [NoteVerifier.parse(key) for key in about["keys"]])
    heads = proof["heads"]
    root = root_from_path(
        link(heads["record"].encode()), heads["seq"], heads["size"], [*map(bytes.fromhex, heads["path"])]
    )
    assert (root, heads["size"]) == (signed.root, signed.size)
    own = root_from_path(link(proof["record"].encode()), 0, proof["size"], [*map(bytes.fromhex, proof["path"])])
    assert read(heads["record"].encode()).data["acme"] == [proof["size"], own.hex()]
