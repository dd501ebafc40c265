"""What lies between a connection and the library that speaks HTTP on it: it passes bytes on, and spoils their passage on demand.

It knows bytes, not HTTP. Whoever makes an answer says when the passage is to drip, and how it ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Any, Literal

Ending = Literal["", "close", "reset", "half_close", "hang"]
"""How a connection ends: in order, by RST, with a FIN on our half while theirs is read on, or not at all, in silence.
Empty: it does not end."""

MOST_WAITING = 1 << 16
"""Bytes that wait for a drip before the writer is held back."""
FEW_WAITING = 1 << 14
"""Bytes at which the writer may go on."""
MOST_GATHERED = 1 << 16
"""Bytes that are gathered before they are passed on."""

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: to close is to reset."""


class WireProxy(asyncio.Transport):
    """A transport in front of another one. Of one event loop; not safe for threads."""

    def __init__(
        self, transport: asyncio.Transport, protocol: asyncio.Protocol, loop: asyncio.AbstractEventLoop
    ) -> None:
        """`protocol`: who writes, and is held back while too much waits."""
        super().__init__()
        self._transport = transport
        self._protocol = protocol
        self._loop = loop
        self._waiting = bytearray()
        self._gathered: list[bytes] = []
        self._gathered_size = 0
        self._size, self._seconds = 0, 0.0
        self._next: asyncio.TimerHandle | None = None
        self._ending: Ending = ""
        self._over = False

    def drip(self, size: int, seconds: float) -> None:
        """From now on `size` bytes at a time, `seconds` apart; 0 bytes: as they come, as before."""
        self._size, self._seconds = size, seconds

    def finish(self, ending: Ending) -> None:
        """End like this once everything written so far is out; what is written later is lost."""
        self._ending = self._ending or ending
        self._hand_over()
        if not self._waiting:
            self._finish()

    def write(self, data: Any) -> None:
        """Pass on, or keep for the drip."""
        if self._ending:
            return
        if not self._size and not self._waiting:
            self._gather(data)
            return
        self._hand_over()
        self._waiting += data
        if self._next is None:
            self._pay()
        if len(self._waiting) > MOST_WAITING:
            self._protocol.pause_writing()

    def close(self) -> None:
        """In order, unless it is to end otherwise."""
        self.finish("close")

    def abort(self) -> None:
        """Without any order, whatever waits."""
        if self._next is not None:
            self._next.cancel()
        self._gathered.clear()
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._over or self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def _gather(self, data: Any) -> None:
        """What is written in one turn of the loop goes out together: a send costs 50 microseconds, an answer has three."""
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append(bytes(data))
        self._gathered_size += len(data)
        if self._gathered_size > MOST_GATHERED:
            self._hand_over()

    def _hand_over(self) -> None:
        if self._gathered:
            self._transport.write(b"".join(self._gathered))
            self._gathered.clear()
            self._gathered_size = 0

    def _pay(self) -> None:
        """Let the next bytes through; whatever waits goes at once when nothing drips any more."""
        self._next = None
        if self._transport.is_closing():
            self._waiting.clear()
            return
        size = self._size or len(self._waiting)
        self._transport.write(bytes(self._waiting[:size]))
        del self._waiting[:size]
        if len(self._waiting) < FEW_WAITING:
            self._protocol.resume_writing()
        if self._waiting:
            self._next = self._loop.call_later(self._seconds, self._pay)
        elif self._ending:
            self._finish()

    def _finish(self) -> None:
        """Resets and half-closes happen below TLS, which knows neither."""
        if self._over:
            return
        self._over = True
        below = self._transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # the client was quicker
            match self._ending:
                case "reset":
                    below.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                    self._transport.abort()
                case "half_close":
                    below.shutdown(socket.SHUT_WR)
                case "close":
                    self._transport.close()
