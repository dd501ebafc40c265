"""The running daemon's Unix socket: one JSON request line, one JSON answer line.

Only members of the socket's group get in (mode 0660). Commands that find no daemon open the state directory
themselves.
"""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson
import structlog

from agent.errors import LeaklineError
from agent.redaction import redact

log = structlog.get_logger()

Command = Callable[..., Any]
LIMIT = 1 << 20
TIMEOUT = 30.0
"""Seconds a client waits for an answer, and the daemon for a request."""


class ControlServer:
    """Answers `{"command": NAME, ...arguments}` with `{"result": …}` or `{"error": …}`."""

    def __init__(self, path: Path, commands: Mapping[str, Command]) -> None:
        path.unlink(missing_ok=True)
        self._path = path

        class Handler(socketserver.StreamRequestHandler):
            timeout = TIMEOUT

            def handle(self) -> None:
                self.wfile.write(orjson.dumps(_answer(self.rfile.readline(LIMIT), commands)) + b"\n")

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True

        self._server = Server(str(path), Handler)
        path.chmod(0o660)
        self._thread = threading.Thread(target=self._server.serve_forever, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._path.unlink(missing_ok=True)


def ask(path: Path, command: str, **arguments: Any) -> Any:
    """Ask the daemon behind `path`. Returns its result; None when no daemon listens there.

    Raises LeaklineError with the daemon's own words when it refuses.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        connection.sendall(orjson.dumps({"command": command, **arguments}) + b"\n")
        with connection.makefile("rb") as stream:
            answer = orjson.loads(stream.readline())
    if "error" in answer:
        raise LeaklineError(answer["error"])
    return answer["result"]


def is_there(path: Path) -> bool:
    """Whether a daemon listens behind `path`."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        try:
            connection.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return False
    return True


def _answer(line: bytes, commands: Mapping[str, Command]) -> dict[str, Any]:
    try:
        request = orjson.loads(line)
        command = commands[request.pop("command")]
    except (orjson.JSONDecodeError, KeyError, AttributeError):
        return {"error": f"not a request this daemon knows; it knows {', '.join(sorted(commands))}"}
    try:
        return {"result": command(**request)}
    except (LeaklineError, TypeError) as error:
        return {"error": redact(str(error))}
