"""Who may come in: how many connections at once, of one address and in all, and TLS before anything else.

A connection counts from the moment it is accepted, before its handshake. When there are too many, that one is cut which
is least worth keeping: the oldest of those who have not shown who they are, then the oldest of those who have; none
whose request is being answered.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from itertools import count
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from agent.network.lasting_connection import ConnectionBounds, LastingConnection
from agent.network.server_tls import ServerTls


class Doorway:
    """Of one listener; lives on the listener's thread, but for `open`."""

    def __init__(self, bounds: ConnectionBounds, tls: ServerTls | None) -> None:
        self.bounds = bounds
        self._tls = tls
        self._numbers = count()
        self._inside = defaultdict[str, dict["Doorstep", int]](dict)
        """By address, in the order in which they came."""

    def open(self) -> None:
        """Begin, perhaps anew. Raises SettingsError for a certificate that cannot be used."""
        self._inside.clear()
        if self._tls is not None:
            self._tls.context()

    def context(self) -> ssl.SSLContext | None:
        """For the next connection."""
        return self._tls.context() if self._tls is not None else None

    def admit(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> Doorstep:
        """What uvicorn makes of each connection."""

        def connection(left: Callable[[], None]) -> LastingConnection:
            return LastingConnection(config, server_state, app_state, _loop, self.bounds, left)

        return Doorstep(self, connection)

    def enter(self, step: Doorstep) -> bool:
        """Whether there is room, perhaps after cutting another one."""
        same = self._inside[step.address]
        if len(same) >= self.bounds.of_one_address:
            crowd = same
        elif sum(map(len, self._inside.values())) >= self.bounds.connections:
            crowd = {step: number for steps in self._inside.values() for step, number in steps.items()}
        else:
            crowd = {}
        least = min(crowd, key=lambda step: (step.worth, crowd[step]), default=None)
        if least is not None:
            if least.worth == BEING_ANSWERED:
                return False
            least.cut()
            self.leave(least)
        self._inside[step.address][step] = next(self._numbers)
        return True

    def leave(self, step: Doorstep) -> None:
        self._inside[step.address].pop(step, None)
        if not self._inside[step.address]:
            del self._inside[step.address]


UNKNOWN, PROVEN, BEING_ANSWERED = range(3)
"""What a connection is worth."""


class Doorstep(asyncio.Protocol):
    """A connection until it is let in: counted, and secured where the listener speaks TLS."""

    address = ""

    def __init__(self, doorway: Doorway, make: Callable[[Callable[[], None]], LastingConnection]) -> None:
        self._doorway = doorway
        self._make = make
        self._connection: LastingConnection | None = None
        self._early = b""
        """What came between the end of the handshake and the letting in."""

    @property
    def worth(self) -> int:
        if self._connection is None:
            return UNKNOWN
        return BEING_ANSWERED if self._connection.is_answered else PROVEN if self._connection.is_proven else UNKNOWN

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self._transport = transport
        peer = transport.get_extra_info("peername")
        self.address = _counted_address(peer[0] if peer else "")
        if not self._doorway.enter(self):
            transport.abort()
            return
        context = self._doorway.context()
        if context is None:
            self._let_in(transport)
        else:
            self._securing = asyncio.get_running_loop().create_task(self._secure(transport, context))

    def data_received(self, data: bytes) -> None:
        self._early += data

    def connection_lost(self, _: Exception | None) -> None:
        self._doorway.leave(self)

    def cut(self) -> None:
        self._transport.abort()

    async def _secure(self, transport: asyncio.Transport, context: ssl.SSLContext) -> None:
        loop, seconds = asyncio.get_running_loop(), self._doorway.bounds.head_seconds
        try:
            secured = await loop.start_tls(
                transport, self, context, server_side=True, ssl_handshake_timeout=seconds, ssl_shutdown_timeout=0.5
            )
        except (OSError, ssl.SSLError):  # what outsiders send is no news
            secured = None
        if secured is None:
            transport.abort()
            self._doorway.leave(self)
        else:
            self._let_in(secured)

    def _let_in(self, transport: asyncio.Transport) -> None:
        self._connection = self._make(lambda: self._doorway.leave(self))
        transport.set_protocol(self._connection)
        self._connection.connection_made(transport)
        if self._early:
            self._connection.data_received(self._early)
            self._early = b""


def _counted_address(host: str) -> str:
    """IPv4 as it is; of IPv6 the /64, which one person has whole."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return host
