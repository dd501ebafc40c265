"""Listening over HTTP: uvicorn, with bounds of our own on connections and time.

Whoever connects costs no thread: one thread serves them all, so that outsiders cannot use up the service's. Unless a
`Doorway` is given, a connection carries one request and lives for a bounded time, from its first byte to the last of its
answer, however slowly either drips; when there are too many, the oldest is cut, so that those who only hold connections
give way to those who ask. uvicorn bounds the size of headers.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from agent.network.doorway import Doorway

log = structlog.get_logger()

CONNECTIONS = 64
"""At the same time; the next one ends the oldest."""
SECONDS = 20.0
"""From connecting to the end of the answer."""
HEADER_BYTES = 16 << 10
BACKLOG = 256
"""Connections that are accepted at once, before any of them is counted: each is an open file."""


class _CutsNone(logging.Filter):
    """Leaves out what uvicorn says as an error at an end that cut no request: that connections were still open."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.msg.startswith("Cancel %s running task(s)") and record.args == (0,))


logging.getLogger("uvicorn.error").addFilter(_CutsNone())

Application = Callable[..., Any]
"""An ASGI application. It must not wait: one thread serves everybody."""


class BoundedConnection(H11Protocol):
    """One connection of uvicorn's, bounded as the module says."""

    connections_at_once = CONNECTIONS
    seconds = SECONDS

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._opened = time.monotonic()
        self._overdue = self.loop.call_later(self.seconds, transport.abort)
        while len(self.connections) > self.connections_at_once:
            oldest = min(self.connections, key=lambda connection: getattr(connection, "_opened", 0.0))
            self.connections.discard(oldest)
            oldest.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._overdue.cancel()
        super().connection_lost(exc)


class Listener:
    """An application behind an address, listening from `open` to `close`."""

    def __init__(
        self,
        name: str,
        application: Application,
        address: str,
        port: int,
        *,
        seconds: float = SECONDS,
        doorway: Doorway | None = None,
    ) -> None:
        """`port` 0 takes any free one; `seconds`: a connection's life; `doorway`: how connections are taken instead, where
        they carry more than one request.
        """
        self.name = name
        self.address, self.port = address, port
        self._application = application
        self._doorway = doorway
        self._protocol = type("Bounded", (BoundedConnection,), {"seconds": seconds})
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Listen. Raises OSError for an address that cannot be had, RuntimeError when no thread can be started, and
        SettingsError for a certificate that cannot be used.
        """
        if self._doorway is not None:
            self._doorway.open()
        bound = _bind(self.address, self.port)
        config = uvicorn.Config(
            self._application,
            http=self._protocol if self._doorway is None else self._doorway.admit,  # type: ignore[arg-type]  # it calls it
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=HEADER_BYTES,
            timeout_keep_alive=int(self._doorway.bounds.idle_seconds) if self._doorway else 5,
            timeout_graceful_shutdown=1,
            backlog=BACKLOG,
        )
        logging.getLogger("uvicorn").setLevel(logging.ERROR)  # what outsiders send is no news
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [bound]}, name=f"listener {self.name}", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:
            self._thread = None
            bound.close()
            raise
        self.port = bound.getsockname()[1]
        log.info("listening", name=self.name, address=self.address, port=self.port)

    def is_open(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def close(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(timeout=5.0)
            self._thread = None


def _bind(address: str, port: int) -> socket.socket:
    """A socket that uvicorn is to listen on. Raises OSError."""
    family, kind, protocol, _, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
        bound.listen(CONNECTIONS)
    except OSError:
        bound.close()
        raise
    return bound
