"""Senders and a daemon in a process of its own, whose org is away: what they report arrives all the same."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.attack.four_places import assert_told_everywhere, problems_of
from tests.end_to_end.agent_process import PATIENCE, AgentProcess

TOKEN = "token-of-the-middleware-0001"


@pytest.fixture
def document(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "token").write_text(TOKEN)
    secret = {"file": str(tmp_path / "token")}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    client = {"type": "client_credentials", "client_id": "leakline", "client_secret": secret}
    return {
        "orgs": [{"name": "acme", "url": "https://localhost:1", "auth": client}],
        "inbound": {
            "listen": f"127.0.0.1:{port}",
            "senders": [{"name": "middleware", "org": "acme", "authentication": {"bearer": secret}}],
        },
        "destinations": [{"type": "file", "directory": str(tmp_path / "out")}],
        "state": {"directory": str(tmp_path / "state")},
    }


@pytest.fixture
def agent(document: dict[str, Any], tmp_path: Path) -> Iterator[AgentProcess]:
    agent = AgentProcess(tmp_path, document)
    agent.start()
    yield agent
    if not agent.has_ended():
        agent.kill()


def post(document: dict[str, Any], id_: str, token: str = TOKEN) -> int:
    """The status; 0 without an answer."""
    report = {
        "type": "sync_failure",
        "id": id_,
        "time": "2026-07-01T10:00:00Z",
        "integration": "nightly",
        "object": id_,
    }
    url = f"http://{document['inbound']['listen']}/v1/reports/middleware"
    try:
        return httpx.post(url, json=report, headers={"authorization": f"Bearer {token}"}, timeout=PATIENCE).status_code
    except httpx.TransportError:
        return 0


def arrived(folder: Path) -> list[str]:
    """Ids of the events of reports, in the file destination."""
    lines = [line for path in folder.glob("*.ndjson") for line in path.read_text().splitlines(keepends=True)]
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    return [event["event"]["id"] for event in events if event["event"].get("provider") == "SyncFailure"]


def test_what_was_answered_survives_a_kill_and_is_counted_once(
    agent: AgentProcess, document: dict[str, Any], tmp_path: Path
) -> None:
    """Every 200 before the kill is delivered after it, once, although the sender sends all of it again."""
    agent.wait_for(lambda: post(document, "0") == 200)
    assert [post(document, str(number)) for number in range(1, 20)] == [200] * 19
    agent.kill()
    agent.start()
    agent.wait_for(lambda: post(document, "0") == 200)
    assert [post(document, str(number)) for number in range(1, 20)] == [200] * 19
    agent.wait_for(lambda: len(arrived(tmp_path / "out")) >= 20)
    agent.wait_for(agent.drained)
    assert len(set(arrived(tmp_path / "out"))) == 20

    def senders() -> list[tuple[str, str]]:
        (source,) = [source for source in agent.status()["sources"] if source["name"] == "acme/inbound"]
        return [(feed["name"], feed["state"]) for feed in source["feeds"]]

    agent.wait_for(lambda: senders() == [("middleware", "streaming")])  # the listener says it about once a second
    assert agent.stop() == 0
    assert post(document, "after") == 0


def test_wrong_credentials_are_told_everywhere(agent: AgentProcess, document: dict[str, Any], tmp_path: Path) -> None:
    """Once, however often somebody tries; the sender itself is not held up, and no token is in the log."""
    assert {post(document, str(number), "wrong-token-of-an-attacker") for number in range(50)} == {401}
    assert_told_everywhere(agent, "inbound-refused", tmp_path / "out")
    agent.wait_for(lambda: post(document, "right") == 200)
    assert {post(document, str(number), "wrong-token-of-an-attacker") for number in range(50)} == {401}
    assert len(problems_of(agent, "inbound-refused")) == 1
    log = agent.log.read_text()
    assert log.count('"kind": "inbound-refused"') == 1
    assert "wrong-token" not in log
    assert TOKEN not in log
    assert agent.stop() == 0


def test_a_port_that_is_taken_is_told_and_had_later(document: dict[str, Any], tmp_path: Path) -> None:
    """Reading and delivering go on meanwhile."""
    port = int(document["inbound"]["listen"].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        agent = AgentProcess(tmp_path, document)
        agent.start()
        agent.wait_for(lambda: problems_of(agent, "listener-failed"))
    agent.wait_for(lambda: not problems_of(agent, "listener-failed"))
    agent.wait_for(lambda: post(document, "0") == 200)
    assert agent.stop() == 0
