"""Kept-alive connections, handed out one a thread: a few to each of the hosts that an org has."""

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


class HostConnections:
    """The connections to each host of an org; safe for threads.

    An org that moves names another host with each token. Those that were not used for longest are closed, what goes on
    there included, but never the host where it signs in.
    """

    def __init__(self, connect: Callable[[str], Connection], sign_in: str, most: int) -> None:
        """`connect`: from a URL; `sign_in`: the URL where it signs in; `most`: hosts besides that one."""
        self._connect = connect
        self._sign_in = sign_in
        self._most = most
        self._lock = threading.Lock()
        self._hosts: dict[str, Connections] = {}
        """By URL, the one that was used last at the end."""
        self._closed = threading.Event()

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def to(self, url: str) -> Connections:
        """Connects to nobody yet. Raises Overdue once closed."""
        with self._lock:
            # Within the lock: a host that is added while `close` goes through the others would never be closed.
            if self.closed:
                raise Overdue("the session is closed")
            connections = self._hosts.pop(url, None) or Connections(lambda: self._connect(url))
            self._hosts[url] = connections
            moved_from = [host for host in self._hosts if host != self._sign_in][: -self._most]
            for host in moved_from:
                self._hosts.pop(host).close()
            return connections

    def close(self) -> None:
        """End what is going on at every host, and what would begin."""
        self._closed.set()  # without waiting for the lock: who is told to stop looks at it
        with self._lock:
            for connections in self._hosts.values():
                connections.close()
