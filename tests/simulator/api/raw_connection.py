"""A client that writes bytes and reads what comes: for what HTTP libraries do not let their users do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from agent.simulator.running import RunningOrg

SECONDS = 20.0
"""A wait longer than this is a failure."""


_Result = TypeVar("_Result")


class RawConnection:
    """One TLS connection to the org. TLS is made in memory, so that what happens to the socket below is seen as it is."""

    def __init__(self, running: RunningOrg) -> None:
        port = int(running.url.rpartition(":")[2])
        context = ssl.create_default_context(cafile=str(running.ca))
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._arrived, self._leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._arrived, self._leaving, server_hostname="localhost")
        self._unread = b""
        self._do(self._tls.do_handshake)
        self._flush()

    def send(self, *lines: str, body: bytes = b"") -> None:
        """A request's lines, an empty one, and what follows."""
        self.write("\r\n".join([*lines, "Host: localhost", "", ""]).encode() + body)

    def write(self, data: bytes) -> None:
        """Bytes as they are."""
        self._tls.write(data)
        self._flush()

    def until(self, end: bytes) -> bytes:
        """What comes up to and with `end`. Raises EOFError when the connection ends before, and what sockets raise."""
        while end not in self._unread:
            self._unread += self._some()
        found, _, self._unread = self._unread.partition(end)
        return found + end

    def answer(self) -> tuple[bytes, bytes]:
        """The head of an answer, and its body by Content-Length."""
        head = self.until(b"\r\n\r\n").lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(self._unread) < length:
            self._unread += self._some()
        body, self._unread = self._unread[:length], self._unread[length:]
        return head, body

    def rest(self) -> tuple[bytes, str]:
        """All that comes until the other side has ended its half, and how it did. Raises what sockets raise."""
        try:
            while True:
                self._unread += self._some()
        except EOFError as end:
            return self._unread, str(end)

    def _some(self) -> bytes:
        data = self._do(lambda: self._tls.read(1 << 16))
        if not data:
            raise EOFError("a farewell of TLS")
        return data

    def _do(self, work: Callable[[], _Result]) -> _Result:
        """What TLS does, with what arrives meanwhile. Raises EOFError when the connection ends without its farewell."""
        while True:
            try:
                return work()
            except ssl.SSLWantReadError:
                self._flush()
                data = self.socket.recv(1 << 16)
                if not data:
                    raise EOFError("no farewell of TLS") from None
                self._arrived.write(data)

    def _flush(self) -> None:
        self.socket.sendall(self._leaving.read())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()
