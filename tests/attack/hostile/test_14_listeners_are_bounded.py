"""Whoever connects to the metrics port uses a bounded number of connections, no threads, and a bounded time."""

from __future__ import annotations

import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.daemon.health import Health
from agent.daemon.listening.reopening_listener import ReopeningListener
from agent.errors import TransportError
from agent.network.connection import Connection
from agent.network.listener import CONNECTIONS, HEADER_BYTES, Listener
from agent.network.tls import TlsSettings
from agent.sources.salesforce.clock_offset import OrgClock
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.salesforce.token import obtain
from tests.attack.four_places import assert_told_everywhere, own_events, problems_of
from tests.config.test_settings import minimal
from tests.end_to_end.agent_process import AgentProcess
from tests.pipeline.fakes import Loops

PATIENCE = 120.0
SECONDS = 2.0
"""A connection's life in these tests."""


def wait_for(condition: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def listener() -> Iterator[Listener]:
    health = Health(list, list, (), lambda org: True)
    listener = Listener("metrics", health, "127.0.0.1", 0, seconds=SECONDS)
    listener.open()
    yield listener
    listener.close()


def connect(listener: Listener) -> socket.socket:
    return socket.create_connection(("127.0.0.1", listener.port), timeout=PATIENCE)


def metrics_of(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
    return text


def ended(connection: socket.socket) -> bytes:
    """What comes until the other side ends the connection, however it does."""
    received = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            received += piece
    return received


def raw(listener: Listener, request: bytes) -> bytes:
    """All that is answered to these bytes until the connection is ended."""
    with connect(listener) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        return ended(connection)


def test_half_open_requests_use_no_threads_and_keep_nobody_out(listener: Listener) -> None:
    """Of 140 that only hold a connection the oldest are cut; whoever asks is answered."""
    metrics_of(listener.port)
    before = threading.active_count()
    held = []
    for _ in range(140):
        connection = connect(listener)
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n")
        held.append(connection)
    assert "leakline_problems" in metrics_of(listener.port)
    assert threading.active_count() == before
    first = held[: 140 - CONNECTIONS - 1]
    assert [ended(connection) for connection in first] == [b""] * len(first)
    for connection in held:
        connection.close()


def test_a_request_that_drips_is_cut_as_a_whole(listener: Listener) -> None:
    """A byte now and then does not prolong a connection's life."""
    with connect(listener) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\n")

        def cut() -> bool:
            try:
                connection.sendall(b"X")
            except (BrokenPipeError, ConnectionResetError):
                return True
            return False

        wait_for(cut)


def test_a_connection_that_says_nothing_is_cut(listener: Listener) -> None:
    """Nothing sent, nothing asked: the end after a connection's life."""
    with connect(listener) as connection:
        assert ended(connection) == b""


def test_an_answer_nobody_takes_is_given_up(listener: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads nothing does not hold its connection."""
    monkeypatch.setattr("agent.daemon.health.generate_latest", lambda _: b"x" * (64 << 20))
    server = listener._server
    assert server is not None
    with connect(listener) as connection:
        connection.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for(lambda: len(server.server_state.connections) == 1)
        wait_for(lambda: len(server.server_state.connections) == 0)


def test_what_is_too_large_or_not_http_is_refused(listener: Listener) -> None:
    """A header without end, a body nobody wants, garbage, a second request behind the first: each ends its connection."""
    assert b" 400 " in raw(listener, b"GET / HTTP/1.1\r\nX: " + b"x" * (4 * HEADER_BYTES))
    assert b" 400 " in raw(listener, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    body = b"POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 1_000_000
    assert raw(listener, body).count(b" 405 ") in (0, 1)  # the answer may be lost in the reset
    two = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2
    assert raw(listener, two).count(b"HTTP/1.1 ") == 1
    assert "leakline_problems" in metrics_of(listener.port)


def test_a_port_that_is_in_use_is_told_and_tried_again(loops: Loops) -> None:
    """Not the end of the daemon; once the port is free the listener is there and the problem over."""
    seconds = [0.0]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        listener = Listener("metrics", Health(list, list, (), lambda org: True), "127.0.0.1", taken.getsockname()[1])
        kept = ReopeningListener(listener, loops.problems, lambda: seconds[0])
        kept.look()
        (problem,) = loops.problems.open()
    assert (problem.kind, problem.subject) == ("listener-failed", "metrics")
    assert "Address already in use" in problem.message
    kept.look()
    assert not listener.is_open()
    seconds[0] += 11
    kept.look()
    assert loops.problems.open() == []
    assert "leakline_problems" in metrics_of(listener.port)
    listener.close()


def test_a_thread_that_cannot_be_started_is_told_and_tried_again(loops: Loops, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pids limit that is reached when the listener starts is no end either."""
    seconds = [0.0]

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    listener = Listener("metrics", Health(list, list, (), lambda org: True), "127.0.0.1", 0)
    kept = ReopeningListener(listener, loops.problems, lambda: seconds[0])
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        kept.look()
    assert [problem.kind for problem in loops.problems.open()] == ["listener-failed"]
    seconds[0] += 11
    kept.look()
    assert loops.problems.open() == []
    listener.close()


def test_a_request_of_ours_without_a_thread_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An org is asked again at the next poll when no thread can be started for a request's deadline."""

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    settings = OrgSettings.model_validate(minimal()["orgs"][0])
    connection = Connection("https://localhost:1", TlsSettings(), None, 1.0)
    settings = OrgSettings.model_validate(minimal()["orgs"][0] | {"url": "https://localhost:1"})
    monkeypatch.setattr(threading.Timer, "start", refuse)
    with pytest.raises(TransportError, match="no thread"):
        obtain(connection, settings, {}, 1.0, OrgClock(lambda: datetime.now(UTC)))
    connection.close()


@pytest.mark.attack
def test_a_running_daemon_outlives_half_open_requests(document: dict[str, Any], tmp_path: Path) -> None:
    """140 of them add no thread to the process, its metrics are served, and it goes on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    document["metrics"] = {"port": port}
    document["orgs"][0]["sources"][0]["event_types"] = ["Login"]
    agent = AgentProcess(tmp_path, document)
    agent.start()
    agent.wait_for(lambda: agent.status()["sources"][0]["last_success"])
    metrics_of(port)
    assert agent._process is not None
    tasks = Path(f"/proc/{agent._process.pid}/task")
    before = len(os.listdir(tasks))  # noqa: PTH208 - the folder of a process that may end
    held = []
    for _ in range(140):
        connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        connection.sendall(b"GET /metrics HTTP/1.1\r\n")
        held.append(connection)
    assert "leakline_rows_read_total" in metrics_of(port)
    assert len(os.listdir(tasks)) <= before + 8  # noqa: PTH208 - a poll may begin in between
    for connection in held:
        connection.close()
    assert agent.stop() == 0


@pytest.mark.attack
def test_a_running_daemon_without_its_port_watches_all_the_same(document: dict[str, Any], tmp_path: Path) -> None:
    """The problem is told everywhere but at the port, and over once the port is free."""
    document["orgs"][0]["sources"][0]["event_types"] = ["Login"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = document.setdefault("metrics", {})["port"] = taken.getsockname()[1]
        agent = AgentProcess(tmp_path, document)
        agent.start()
        assert_told_everywhere(agent, "listener-failed", tmp_path / "out")
    agent.wait_for(lambda: not problems_of(agent, "listener-failed"))
    agent.wait_for(lambda: own_events(tmp_path / "out", "listener-recovered"))
    assert "leakline_problems" in metrics_of(port)
    assert agent.stop() == 0
