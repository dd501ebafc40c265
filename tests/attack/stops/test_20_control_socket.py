"""Whatever comes in at the control socket: an answer goes out, and the next request is served."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
import structlog

from agent.daemon.control.client import ask
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.server import CONNECTIONS, LONGEST_REQUEST, ControlServer


def double(number: int) -> int:
    return number + number


def broken() -> None:
    raise ZeroDivisionError("inside")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


@pytest.fixture
def server(path: Path) -> Iterator[ControlServer]:
    runs: dict[str, Any] = {"double": double, "broken": broken, "odd": lambda: object()}
    commands = [ControlCommand(name, run, changes=False) for name, run in runs.items()]
    server = ControlServer(path, commands, seconds=2.0)
    yield server
    server.close()


def raw(path: Path, request: bytes, *, end: bool = False) -> dict[str, Any]:
    """What is answered to these bytes."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(60)
        connection.connect(str(path))
        with suppress(BrokenPipeError):  # refused unread
            connection.sendall(request)
            if end:
                connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            answer: dict[str, Any] = orjson.loads(stream.readline())
    return answer


ODD = {
    "nothing": b"\n",
    "no JSON": b"status\n",
    "a list": b"[1, 2]\n",
    "a number": b"7\n",
    "null": b"null\n",
    "text": b'"double"\n',
    "no command": b"{}\n",
    "a command that is a number": b'{"command": 7}\n',
    "a command that is null": b'{"command": null}\n',
    "a command that cannot be a key": b'{"command": ["double"]}\n',
    "a command that is an object": b'{"command": {"a": 1}}\n',
    "NUL bytes": b'{"command": "\x00"}\n',
    "an escaped NUL": b'{"command": "double\\u0000"}\n',
    "half a surrogate": b'{"command": "\\ud800"}\n',
    "not UTF-8": b'{"command": "\xff\xfe"}\n',
    "arguments nobody takes": b'{"command": "double", "loudly": true}\n',
    "an argument missing": b'{"command": "double"}\n',
    "an argument of another type": b'{"command": "double", "number": {"a": 1}}\n',
    "an argument named as Python's own": b'{"command": "double", "self": 1, "number": 1}\n',
    "deep nesting": b'{"command": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "a command that breaks": b'{"command": "broken"}\n',
    "an answer that is no JSON": b'{"command": "odd"}\n',
}


@pytest.mark.parametrize("request_line", ODD.values(), ids=ODD.keys())
@pytest.mark.usefixtures("server")
def test_an_odd_request_is_answered_with_an_error(path: Path, request_line: bytes) -> None:
    """An error in words without a traceback; afterwards the socket serves as before."""
    answer = raw(path, request_line)
    assert set(answer) == {"error"}
    assert "Traceback" not in answer["error"]
    assert ask(path, "double", number=21) == 42


@pytest.mark.usefixtures("server")
def test_what_breaks_inside_a_command_is_in_the_log(path: Path) -> None:
    """Whoever asked is told to look there; the log has the traceback."""
    with structlog.testing.capture_logs() as logs:
        assert "the daemon's log has the traceback" in raw(path, b'{"command": "broken"}\n')["error"]
    (entry,) = [entry for entry in logs if entry["event"] == "a request failed"]
    assert "ZeroDivisionError: inside" in entry["traceback"]


@pytest.mark.usefixtures("server")
def test_a_request_that_does_not_end_is_cut(path: Path) -> None:
    """Too long, or not whole in time: an error; closed without a line end: it counts as it is."""
    assert "within 2 seconds" in raw(path, b'{"command": ')["error"]
    assert "at most" in raw(path, b"x" * (LONGEST_REQUEST + 1), end=True)["error"]
    assert raw(path, b'{"command": "double", "number": 2}', end=True) == {"result": 4}


@pytest.mark.usefixtures("server")
def test_more_requests_than_there_are_threads_for_are_told_so(path: Path) -> None:
    """Half-open requests use a bounded number of threads, and give them back."""
    before = threading.active_count()
    held, most = [], 0
    for _ in range(140):
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        while connection.connect_ex(str(path)):  # its queue is full for a moment
            time.sleep(0.01)
        held.append(connection)
        most = max(most, threading.active_count())
    answers = [connection.recv(1 << 16) for connection in held]
    assert most <= before + CONNECTIONS
    busy = [answer for answer in answers if b"busy" in answer]
    assert len(busy) >= 140 - 2 * CONNECTIONS
    for connection in held:
        connection.close()
    assert ask(path, "double", number=21) == 42


@pytest.mark.usefixtures("server")
def test_a_thread_that_cannot_be_started_fails_one_request(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The request is told so; the next one is served."""

    def refuse(_: object) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        assert "can't start new thread" in raw(path, b'{"command": "double", "number": 2}\n')["error"]
    assert ask(path, "double", number=21) == 42
