"""A few kept-alive connections to one host, handed out one a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agent.network import Connection


class Connections:
    """Grows as needed; safe for threads."""

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self._connect = connect
        self._turn = threading.Lock()
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()

    @contextmanager
    def one(self) -> Iterator[Connection]:
        """A connection nobody else uses meanwhile."""
        with self._turn:
            connection = self._idle.pop() if self._idle else self._connect()
            self._busy.add(connection)
        try:
            yield connection
        finally:
            with self._turn:
                self._busy.remove(connection)
                self._idle.append(connection)

    def close(self) -> None:
        """End what is going on and close."""
        with self._turn:
            for connection in self._busy:
                connection.cut()
            for connection in self._idle:
                connection.close()
            self._idle.clear()
