"""Syslog receivers on loopback: TCP, TLS and UDP; every message kept as it came."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress

POLL = 0.05


class StreamReceiver:
    """Octet counting, or line feeds; `messages` holds whole ones only. `deaf`: accepts and reads nothing."""

    def __init__(self, context: ssl.SSLContext | None = None, *, counted: bool = True, deaf: bool = False) -> None:
        self.messages: list[bytes] = []
        self.deaf = deaf
        self.kill_after = 10**18
        """Reset the connection after so many bytes of it, and forget all messages, as a killed process does."""
        self.connections = 0
        self._context = context
        self._counted = counted
        self._port = 0
        self._threads: list[threading.Thread] = []
        self.start()

    @property
    def port(self) -> int:
        return self._port

    def start(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096 if self.deaf else 2**20)
        self._port = listener.getsockname()[1]
        self._stopping = threading.Event()
        self._listener = listener
        self._thread = threading.Thread(target=self._accept, args=(listener, self._stopping), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """As a killed process: the port is closed and every connection reset."""
        self._stopping.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._thread, *self._threads):
            thread.join()
        self._threads.clear()

    def wait_for(self, count: int) -> None:
        """Until `count` different messages are there."""
        _wait_for(self.messages, count)

    def _accept(self, listener: socket.socket, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection, stopping), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, stopping: threading.Event) -> None:
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        if self.deaf:
            stopping.wait()
        else:
            self._read(connection, stopping)
        _reset(connection)

    def _read(self, connection: socket.socket, stopping: threading.Event) -> None:
        """Until the peer ends, and then in order; or until we are stopped or have seen `kill_after` bytes."""
        pending, seen = b"", 0
        connection.settimeout(POLL)
        while not stopping.is_set():
            try:
                data = connection.recv(65536)
            except TimeoutError:
                continue
            except OSError:
                return
            if not data:
                connection.close()
                return
            seen += len(data)
            if seen > self.kill_after:
                self.kill_after = 10**18
                self.messages.clear()
                return
            pending = self._take(pending + data)

    def _take(self, data: bytes) -> bytes:
        if not self._counted:
            *whole, rest = data.split(b"\n")
            self.messages += whole
            return rest
        place = 0
        while True:
            space = data.find(b" ", place, place + 12)
            if space < 0 or len(data) < space + 1 + int(data[place:space]):
                return data[place:]
            end = space + 1 + int(data[place:space])
            self.messages.append(data[space + 1 : end])
            place = end


class DatagramReceiver:
    """One message a datagram."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def wait_for(self, count: int) -> None:
        """Until `count` different messages are there."""
        _wait_for(self.messages, count)

    def _receive(self) -> None:
        while True:
            data = self._socket.recv(65536)
            if not data:
                return
            self.messages.append(data)

    def stop(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as farewell:
            farewell.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join()
        self._socket.close()


def _reset(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def _wait_for(messages: Sequence[bytes], count: int, seconds: float = 30.0) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if len(set(messages)) >= count:
            return
        pause.wait(0.01)
    raise AssertionError(f"{len(messages)} of {count} messages arrived")
