"""The running daemon's side of its Unix socket. Only members of the socket's group get in (mode 0660).

Whatever comes in, an answer goes out: a request has a bound in bytes, time and number, and what a command raises is
its answer, never the end of a thread.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import traceback
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson
import structlog

from agent.daemon.control.command import ControlCommand, table_of
from agent.daemon.control.gate import Gate, peer_of
from agent.errors import LeaklineError
from agent.permissions.principal import Principal
from agent.redaction.redaction import redact

log = structlog.get_logger()

LONGEST_REQUEST = 1 << 20
"""Bytes. How deeply a request may be nested is orjson's bound (1,024)."""
REQUEST_SECONDS = 10.0
"""For a whole request to come in, and again for its answer to be taken."""
CONNECTIONS = 16
"""Requests at the same time, each with a thread; one more is told to come again."""
CONNECTIONS_OF_ONE = CONNECTIONS // 2
"""Of one user, so that nobody keeps all others out; root and the service's own user look after the host."""
COMMANDS_END_WITHIN = 5.0
"""Seconds that closing waits for commands in hand. One that takes longer goes on by itself: what it does is a transaction,
which happens or does not."""

QUEUE = 128
"""Connections that wait to be taken; they are taken, or told to come again, as fast as they come."""


class ControlServer:
    """Answers `{"command": NAME, ...arguments}` with `{"result": …}` or `{"error": …}`."""

    def __init__(
        self,
        path: Path,
        commands: Iterable[ControlCommand],
        gate: Gate | None = None,
        *,
        seconds: float = REQUEST_SECONDS,
    ) -> None:
        """`gate`: who may make which; without one, whoever gets in may make all. `seconds`: for a request to come in, and for its
        answer to be taken.
        """
        self._path = path
        self._gate = gate or Gate()
        self._commands = table_of(commands)
        self._in_hand = 0
        self._idle = threading.Condition()
        """Notified when no command is in hand."""
        self._seconds = seconds
        self._free = threading.BoundedSemaphore(CONNECTIONS)
        self._held_by = Counter[int]()
        """Requests in hand by user id; changed under `_idle`."""
        self._closed = threading.Event()
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        path.chmod(0o660)  # before it listens: until then nobody is let in
        self._socket.listen(QUEUE)
        self._socket.settimeout(0.5)
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No more requests; commands in hand have `COMMANDS_END_WITHIN`, and then are left to their threads, which hold up
        nothing.
        """
        self._closed.set()
        self._thread.join()
        with self._idle:
            if not self._idle.wait_for(lambda: not self._in_hand, COMMANDS_END_WITHIN):
                log.warning("control commands still run while the daemon ends", commands=self._in_hand)
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            except OSError as error:  # out of file descriptors, say
                log.warning("control socket", reason=str(error))
                self._closed.wait(1.0)
                continue
            self._begin(connection)

    def _begin(self, connection: socket.socket) -> None:
        if not self._free.acquire(blocking=False):
            self._refuse(connection, f"the daemon is busy with {CONNECTIONS} requests; try again")
            return
        uid = peer_of(connection).uid
        if not self._is_taken(uid):
            self._free.release()
            self._refuse(connection, f"you have {CONNECTIONS_OF_ONE} requests in progress; try again")
            return
        try:
            threading.Thread(target=self._serve, args=(connection, uid), name="control request", daemon=True).start()
        except RuntimeError as error:  # no thread to be had
            self._give_back(uid)
            self._refuse(connection, f"the daemon cannot take requests now ({error}); try again")

    def _refuse(self, connection: socket.socket, reason: str) -> None:
        with connection, suppress(OSError):
            connection.setblocking(False)
            connection.send(orjson.dumps({"error": reason}) + b"\n")

    def _is_taken(self, uid: int) -> bool:
        """Whether one more of this user is."""
        with self._idle:
            if uid not in (0, os.geteuid()) and self._held_by[uid] >= CONNECTIONS_OF_ONE:
                return False
            self._held_by[uid] += 1
            return True

    def _give_back(self, uid: int) -> None:
        with self._idle:
            self._held_by[uid] -= 1
            if not self._held_by[uid]:
                del self._held_by[uid]
        self._free.release()

    def _serve(self, connection: socket.socket, uid: int) -> None:
        try:
            with connection, suppress(OSError):  # whoever asked has gone
                connection.settimeout(self._seconds)
                connection.sendall(self._encoded(self._answer(connection)) + b"\n")
        finally:
            self._give_back(uid)

    def _answer(self, connection: socket.socket) -> dict[str, Any]:
        try:
            line = self._line(connection)
        except TimeoutError:
            return {"error": f"no complete request came within {self._seconds:g} seconds"}
        if len(line) > LONGEST_REQUEST:
            return {"error": f"a request has at most {LONGEST_REQUEST:,} bytes"}
        with self._held_up():
            return answer(line, self._commands, self._gate, self._gate.principal(peer_of(connection)))

    @contextmanager
    def _held_up(self) -> Iterator[None]:
        """Around a command: closing waits for it."""
        with self._idle:
            self._in_hand += 1
        try:
            yield
        finally:
            with self._idle:
                self._in_hand -= 1
                self._idle.notify_all()

    def _line(self, connection: socket.socket) -> bytes:
        until = time.monotonic() + self._seconds
        received = bytearray()
        while len(received) <= LONGEST_REQUEST and not received.endswith(b"\n"):
            connection.settimeout(max(0.001, until - time.monotonic()))
            piece = connection.recv(1 << 16)
            if not piece:
                break
            received += piece
            if time.monotonic() > until:
                raise TimeoutError
        connection.settimeout(self._seconds)
        return bytes(received)

    def _encoded(self, document: dict[str, Any]) -> bytes:
        try:
            return orjson.dumps(document)
        except orjson.JSONEncodeError:
            log.error("unexpected", traceback=traceback.format_exc())
            return orjson.dumps({"error": "the answer cannot be written as JSON; the log has the traceback"})


def answer(line: bytes, commands: Mapping[str, ControlCommand], gate: Gate, principal: Principal) -> dict[str, Any]:
    """What a request is answered, whatever it is. `principal`: who makes it."""
    try:
        request = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {"error": f"a request is a JSON object on one line ({error})"}
    if not isinstance(request, dict):
        return {"error": "a request is a JSON object on one line"}
    name = request.pop("command", None)
    command = commands.get(name) if isinstance(name, str) else None
    if command is None:
        return {"error": f"this is not a command of this daemon; write one of {', '.join(sorted(commands))}"}
    return _carried_out(command, request, gate, principal)


def _carried_out(
    command: ControlCommand, arguments: Mapping[str, Any], gate: Gate, principal: Principal
) -> dict[str, Any]:
    try:
        return {"result": gate.carried_out(command, arguments, principal)}
    except LeaklineError as error:
        return {"error": redact(str(error))}
    except Exception as error:  # noqa: BLE001 - one request fails, whatever it is; the daemon goes on
        log.error("a request failed", command=command.name, traceback=traceback.format_exc())
        return {"error": f"{command.name} failed ({type(error).__name__}); the daemon's log has the traceback"}


@contextmanager
def control_served(path: Path | None, commands: Iterable[ControlCommand], gate: Gate) -> Iterator[None]:
    """Served while inside; without a path, nothing is."""
    if path is None:
        yield
        return
    server = ControlServer(path, commands, gate)
    try:
        yield
    finally:
        server.close()
