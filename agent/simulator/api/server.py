"""HTTPS on loopback: uvicorn reads requests and writes answers, on one event loop; the org is asked on a few threads."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from agent.simulator.api.exchange import BODY_SECONDS, LONGEST_URI, ApiExchange, Receive, Send
from agent.simulator.api.rest import Rest
from agent.simulator.api.wire_proxy import WireProxy
from agent.simulator.org.simulated_org import SimulatedOrg

IDLE_SECONDS = 120
"""A connection without a request lives so long."""
CONNECTIONS = 512
"""At the same time; more requests are answered with 503."""
THREADS = 32
"""Requests that the org answers at the same time; others wait."""
HEADER_BYTES = LONGEST_URI * 4
"""Of a request; more is 400, without a look at it."""


class Server:
    """Listens on 127.0.0.1 from the start; answers while `serve_forever` runs."""

    def __init__(self, org: SimulatedOrg, rest: Rest, port: int, certificate: Path, key: Path) -> None:
        """`port` 0: any free one. Raises OSError for one that is taken."""
        self.org = org
        self.rest = rest
        self.closing = threading.Event()
        """Set when the server is closed: what waits gives up."""
        self.workers = ThreadPoolExecutor(THREADS, "simulated-org")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._socket = _bound(port)
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._config = uvicorn.Config(
            self._application, interface="asgi3", ws="none", lifespan="off", log_config=None, access_log=False,
            proxy_headers=False, timeout_keep_alive=IDLE_SECONDS, h11_max_incomplete_event_size=HEADER_BYTES, limit_concurrency=CONNECTIONS,
        )  # fmt: skip

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def exchange(self) -> type[ApiExchange]:
        """What answers a request."""
        return ApiExchange

    def serve_forever(self) -> None:
        """Answer until closed."""
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self.workers.shutdown(wait=False, cancel_futures=True)
            self._loop.close()

    def close(self) -> None:
        """Stop listening and hang up on everybody."""
        if not self.closing.is_set():
            self.closing.set()
            self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self) -> None:
        state = ServerState()
        listening = await self._loop.create_server(
            lambda: WiredConnection(self._config, state, {}, self._loop), sock=self._socket, ssl=self._context
        )
        await self._stop.wait()
        listening.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # so that they know that they are lost
        tasks = list(state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _application(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        try:
            await self.exchange()(self, scope, receive, send).run()
        except asyncio.CancelledError:
            if not self.closing.is_set():
                raise


def _bound(port: int) -> socket.socket:
    """Listening on loopback. Raises OSError."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:  # with its protocol named, or asyncio leaves Nagle's algorithm on: 40 ms an answer
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        bound.listen(64)
    except OSError:
        bound.close()
        raise
    return bound


class WiredConnection(H11Protocol):
    """One connection of uvicorn's, behind a wire whose passage can be spoiled; exchanges find it in their `state`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        wire = WireProxy(transport, self, self.loop)
        self.app_state["wire"] = wire
        super().connection_made(wire)
        self._overdue = self.loop.call_later(BODY_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._overdue.cancel()
        super().connection_lost(exc)

    def _give_up(self) -> None:
        """On a client that has not come to the end of its first request's headers."""
        if not self.cycle:
            self.transport.abort()
