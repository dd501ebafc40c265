"""How commands speak to the running daemon: one JSON request line over its Unix socket, one JSON answer line.

Commands that find no daemon open the state directory themselves. A daemon that is there and does not answer is an
error: nobody can tell then how it goes.
"""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson

from agent.errors import LeaklineError

TIMEOUT = 30.0
"""Seconds a client waits for an answer, unless it says otherwise."""
LONGEST_ANSWER = 64 << 20
"""Bytes."""
LONGEST_PATH = 107
"""Bytes of `sun_path` in Linux, without its end (unix(7))."""

_HANGS = "see its log (`journalctl -u leakline`); the watchdog restarts a daemon that hangs"


def ask(path: Path, command: str, *, timeout: float = TIMEOUT, **arguments: Any) -> Any:
    """Ask the daemon behind `path`. Returns its result; None when no daemon listens there.

    `timeout`: seconds for all of it. Raises LeaklineError with the daemon's own words when it refuses, and with ours
    when it does not answer, or not to us.
    """
    until = time.monotonic() + timeout
    connection = _connect(path, timeout)
    if connection is None:
        return None
    with connection:
        try:
            with suppress(BrokenPipeError):  # refused unread: the answer says why
                connection.sendall(orjson.dumps({"command": command, **arguments}) + b"\n")
            line = _line(connection, until)
        except TimeoutError as error:
            raise LeaklineError(
                f"the daemon at {path} did not answer within {timeout:g} seconds", hint=_HANGS
            ) from error
        except OSError as error:
            raise LeaklineError(f"the daemon at {path} ended before it answered ({error})", hint=_HANGS) from error
    return _result(path, line)


def is_there(path: Path) -> bool:
    """Whether a daemon listens behind `path`. Raises LeaklineError where this user may not ask it."""
    connection = _connect(path, TIMEOUT)
    if connection is not None:
        connection.close()
    return connection is not None


def _connect(path: Path, timeout: float) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    try:
        _connect_in_time(connection, path, time.monotonic() + timeout)
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except PermissionError as error:
        connection.close()
        raise LeaklineError(
            f"this user may not connect to the daemon at {path}",
            hint="run the command with sudo, or as the service's user or a member of its group",
        ) from error
    except TimeoutError as error:
        connection.close()
        raise LeaklineError(f"the daemon at {path} does not accept connections", hint=_HANGS) from error
    except OSError as error:
        connection.close()
        raise LeaklineError(f"the socket {path} cannot be used ({error})", hint="see `state.control_socket`") from error
    return connection


def _connect_in_time(connection: socket.socket, path: Path, until: float) -> None:
    """A Unix socket whose queue is full refuses at once, whatever the timeout; here it is waited for all the same."""
    while True:
        try:
            connection.connect(str(path))
            return
        except BlockingIOError as error:
            if time.monotonic() > until:
                raise TimeoutError from error
            time.sleep(0.05)


def _line(connection: socket.socket, until: float) -> bytes:
    """The answer up to its line end, or up to the end of what came. Raises TimeoutError, OSError."""
    received = bytearray()
    while len(received) <= LONGEST_ANSWER:
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        piece = connection.recv(1 << 16)
        received += piece
        if not piece or piece.endswith(b"\n"):
            break
    return bytes(received)


def _result(path: Path, line: bytes) -> Any:
    if not line:
        raise LeaklineError(f"the daemon at {path} ended before it answered", hint=_HANGS)
    try:
        answer = orjson.loads(line)
    except orjson.JSONDecodeError:
        answer = None
    if isinstance(answer, dict) and "error" in answer:
        raise LeaklineError(str(answer["error"]))
    if not isinstance(answer, dict) or "result" not in answer:
        raise LeaklineError(
            f"the daemon at {path} is not of this version of Leakline",
            hint="use the `leakline` command that belongs to the running daemon",
        )
    return answer["result"]
