"""The body of a request, within bounds of size, time and memory."""

from __future__ import annotations

import asyncio
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from agent.sources.inbound.serving.answers import RequestRefusal

Take = Callable[..., None]
"""See `BodiesInHand.share`."""
Receive = Callable[[], Awaitable[Mapping[str, Any]]]

SECONDS = 10.0
"""From the end of the headers to the end of the body."""
IN_HAND = 64 << 20
"""Bytes of the bodies of all requests together that are being read or looked at; three quarters of them from one address, and half of
them of whoever has not shown yet who it is.
"""


class Disconnection(Exception):
    """The client is not there any more."""


class BodiesInHand:
    """How much memory bodies take; all on the listener's thread."""

    def __init__(self, most: int) -> None:
        """`most`: the longest body that is taken, in bytes."""
        self.most = most
        self._bytes = Counter[str]()
        """By address; those that have none are left out."""
        self._of_strangers = 0
        self._bound = max(IN_HAND, 4 * most)

    @contextmanager
    def share(self, address: str) -> Iterator[Take]:
        """Gives what is to be called before each piece is kept, with its size, and with whether it is a stranger's; all is given
        back at the end. That raises RequestRefusal where there is no room now.
        """
        kept = of_strangers = 0

        def take(size: int, is_stranger: bool = False) -> None:
            nonlocal kept, of_strangers
            if (
                self._bytes.total() + size > self._bound
                or self._bytes[address] + size > self._bound * 3 // 4
                or (is_stranger and self._of_strangers + size > self._bound // 2)
            ):
                raise RequestRefusal(503, "Too many requests are being read; send it again.", retry_after=1, ends=True)
            self._bytes[address] += size
            self._of_strangers += size * is_stranger
            kept, of_strangers = kept + size, of_strangers + size * is_stranger

        try:
            yield take
        finally:
            self._of_strangers -= of_strangers
            self._bytes[address] -= kept
            if not self._bytes[address]:
                del self._bytes[address]


async def read_body(receive: Receive, headers: Mapping[bytes, bytes], most: int, take: Callable[[int], None]) -> bytes:
    """Uncompressed. `take`: see `BodiesInHand.share`. Raises RequestRefusal (400, 408, 413, 415, 503) and Disconnection."""
    check_length(headers, most)
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"identity", b"gzip"):
        raise RequestRefusal(415, "The content encoding is not known; send the body plain, or with gzip.", ends=True)
    try:
        async with asyncio.timeout(SECONDS):
            body = await _pieces(receive, most, take)
    except TimeoutError:
        message = f"The body did not come whole within {SECONDS:.0f} seconds; send it again."
        raise RequestRefusal(408, message, ends=True) from None
    if encoding == b"identity":
        return body
    take(most)
    return _uncompressed(body, most)


def check_length(headers: Mapping[bytes, bytes], most: int) -> None:
    """Raises RequestRefusal for a body that says itself to be too long."""
    declared = headers.get(b"content-length", b"0")
    if len(declared) > 18 or (declared.isdigit() and int(declared) > most):
        raise _too_long(most)


async def _pieces(receive: Receive, most: int, take: Callable[[int], None]) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnection
        piece = message.get("body", b"")
        if len(body) + len(piece) > most:
            raise _too_long(most)
        take(len(piece))
        body += piece
        if not message.get("more_body"):
            return bytes(body)


def _uncompressed(body: bytes, most: int) -> bytes:
    """Of one member of gzip, whole, and nothing behind it."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(body, most + 1)
    except zlib.error:
        raise RequestRefusal(400, "The body is not gzip, as its content encoding says; send it again.") from None
    if len(plain) > most:
        raise _too_long(most)
    if not inflater.eof or inflater.unused_data:
        raise RequestRefusal(400, "The gzip of the body does not end where the body ends; send it again.")
    return plain


def _too_long(most: int) -> RequestRefusal:
    return RequestRefusal(413, f"The body has more than {most:,} bytes; send fewer reports at once.", ends=True)
