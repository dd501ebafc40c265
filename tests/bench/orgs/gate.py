"""What stands before an org on the network: it passes bytes on, or fails below HTTP in a way that is chosen while it stands."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Coroutine
from typing import Any, Literal

GateMode = Literal["open", "refuse", "hang up", "silent", "no TLS", "wrong certificate", "drip"]
"""`drip`: a byte a second of what the org says, the handshake included."""

_DRIP_SECONDS = 1.0
_PIECE = 1 << 16
_NO_TLS = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class GateLoop:
    """The event loop of all gates, in a thread of its own."""

    def __init__(self, other_certificate: ssl.SSLContext) -> None:
        """`other_certificate`: that of an authority which nobody trusts."""
        self.other_certificate = other_certificate
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="gates", daemon=True).start()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it there; returns once it is done."""
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


class Gate:
    """A port of loopback before another one; open at first. Changing its mode ends the connections that it has."""

    def __init__(self, loop: GateLoop, behind: int) -> None:
        """`behind`: the port that bytes are passed on to."""
        self.taken = 0
        """Connections that came while it was not open."""
        self._loop = loop
        self._behind = behind
        self._mode: GateMode = "open"
        self._listening: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._socket = _bound(0)
        self.port = int(self._socket.getsockname()[1])
        loop.run(self._listen())

    def change(self, mode: GateMode) -> None:
        """From now on, for connections to come."""
        self._loop.run(self._change(mode))

    async def _change(self, mode: GateMode) -> None:
        if mode == self._mode:
            return
        for writer in list(self._writers):
            writer.transport.abort()
        self._mode = mode
        if mode == "refuse" and self._listening is not None:
            self._listening.close()
            self._listening = None
            self._socket = _bound(self.port)  # not listening: the port stays ours, and refuses
        elif self._listening is None:
            await self._listen()

    async def _listen(self) -> None:
        self._listening = await asyncio.start_server(self._take, sock=self._socket)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.taken += self._mode != "open"
        try:
            await self._serve(reader, writer)
        except (OSError, EOFError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match self._mode:
            case "silent":
                while await reader.read(_PIECE):
                    continue
            case "no TLS":
                writer.write(_NO_TLS)
                await writer.drain()
            case "wrong certificate":
                await writer.start_tls(self._loop.other_certificate)
            case "open" | "drip":
                await self._pass_on(reader, writer)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        slowly = self._mode == "drip"
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._behind)
        self._writers.add(their_writer)
        pumps = [
            asyncio.ensure_future(_pump(reader, their_writer, slowly=False)),
            asyncio.ensure_future(_pump(their_reader, writer, slowly=slowly)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            await writer.drain()
        finally:
            for pump in pumps:
                pump.cancel()
            self._writers.discard(their_writer)
            their_writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, slowly: bool) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(1 if slowly else _PIECE):
            writer.write(piece)
            await writer.drain()
            if slowly:
                await asyncio.sleep(_DRIP_SECONDS)


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
