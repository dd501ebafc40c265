"""A few kept-alive connections to one host, handed out one a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent.network.connection import Connection, Overdue


class Connections:
    """Grows as needed; safe for threads."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._closed = threading.Event()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection nobody else uses meanwhile. Raises Overdue once closed, and what making one raises."""
        with self._lock:
            if self._closed.is_set():
                raise Overdue("closed")
            connection = self._idle.pop() if self._idle else self._connect()
            self._busy.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._busy.remove(connection)
                if self._closed.is_set():
                    connection.close()
                else:
                    self._idle.append(connection)

    def close(self) -> None:
        """End what is going on and close."""
        with self._lock:
            self._closed.set()
            for connection in self._busy:
                connection.cut()
            for connection in self._idle:
                connection.close()
            self._idle.clear()
