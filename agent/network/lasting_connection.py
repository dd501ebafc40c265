"""A connection over which a client asks again and again; each request, and the whole, within bounds of size and time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

HEAD_BYTES = 16 << 10
"""Of the request line and all headers of a request."""
PIPELINED = 16
"""Requests that a client may send ahead of the answers."""
ANSWER_SECONDS = 60.0
"""Longer than any answer takes: what a connection may live beyond its life to be ended in order."""


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """Of the connections of one listener."""

    connections: int = 512
    """At the same time. The unit allows the service 4,096 open files."""
    of_one_address: int = 256
    """At the same time; of IPv6 a /64 counts as one address."""
    head_seconds: float = 10.0
    """From connecting, or from the first byte of a further request, to the end of its headers."""
    idle_seconds: float = 30.0
    """Between an answer and the next request."""
    life_seconds: float = 300.0
    """After this the next answer is the last of its connection."""


class LastingConnection(HttpToolsProtocol):
    """One connection of uvicorn's, bounded as `ConnectionBounds` says.

    The application finds in `scope["extensions"]` the `tls` of ASGI, where the client showed a certificate, and
    `prove_sender`, to be called once the client has shown who it is: it is not cut for newcomers then.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None,
        bounds: ConnectionBounds,
        left: Callable[[], None],
    ) -> None:
        """`left`: called when the connection has ended."""
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._left = left
        self._in_head = True
        self._head_bytes = 0
        self._size = 0
        self._head_due: asyncio.TimerHandle | None = None
        self._refusal = 400
        self._words = b"This is not a request of HTTP/1.1.\n"
        self._tls: dict[str, Any] | None = None
        self.is_proven = False
        """Whether a request of it was of a known sender."""

    @property
    def is_answered(self) -> bool:
        """Whether a request of a known sender was heard whole and its answer is being made: not the moment to cut it. A
        stranger's answer is made at once; where it lasts, the stranger does not read it.
        """
        if not self.is_proven:
            return False
        return bool(self.pipeline) or (
            self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete
        )

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._last_from = time.monotonic() + self._bounds.life_seconds
        self._overdue = self.loop.call_later(self._bounds.life_seconds + ANSWER_SECONDS, transport.abort)
        self._await_head()
        secured = transport.get_extra_info("ssl_object")
        certificate = secured.getpeercert(binary_form=True) if secured is not None else None
        if certificate is not None:
            self._tls = _tls_extension(certificate)

    def connection_lost(self, exc: Exception | None) -> None:
        self._overdue.cancel()
        self._head_came()
        super().connection_lost(exc)
        self._left()

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._await_head()
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            self._refusal = 431
            self.send_400_response("")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()
        self._size = 0
        extensions: dict[str, Any] = {"prove_sender": self._prove}
        if self._tls is not None:
            extensions["tls"] = self._tls
        self.scope["extensions"] = extensions

    def on_header(self, name: bytes, value: bytes) -> None:
        """Also of a trailer, behind a body in pieces, which counts and is not kept: a proxy looks at headers alone."""
        self._size += len(name) + len(value) + 4
        if self._size > HEAD_BYTES:
            self._refusal = 431
            raise ValueError("too many headers")
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_came()
        if self.parser.should_upgrade():  # the body would be left to the other protocol, and its report be lost
            self._words = b"Only HTTP/1.1 is spoken here; leave out the header Upgrade.\n"
            raise ValueError("another protocol")
        if len(self.pipeline) >= PIPELINED:
            raise ValueError("too many requests at once")
        super().on_headers_complete()
        if time.monotonic() > self._last_from:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self._in_head = True
        super().on_message_complete()

    def send_400_response(self, _: str) -> None:
        """What cannot be read as HTTP; what raises in this class while uvicorn reads comes here too."""
        status = self._refusal
        words = b"The headers are too long.\n" if status == 431 else self._words
        length = b"content-length: %d\r\n" % len(words)
        head = (
            STATUS_LINE[status] + b"content-type: text/plain; charset=utf-8\r\n" + length + b"connection: close\r\n\r\n"
        )
        self.transport.write(head + words)
        self.transport.close()

    def _await_head(self) -> None:
        if self._head_due is None:
            self._head_due = self.loop.call_later(self._bounds.head_seconds, self._head_late)

    def _head_came(self) -> None:
        self._head_bytes = 0
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _head_late(self) -> None:
        self._head_due = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._await_head()  # what a client sends ahead is not read while an answer is being made
        else:
            self.transport.abort()

    def _prove(self) -> None:
        self.is_proven = True


def _tls_extension(certificate: bytes) -> dict[str, Any]:
    """Of the client's certificate (DER): https://asgi.readthedocs.io/en/latest/specs/tls.html. OpenSSL takes certificates
    that are not written as they should be; such a one has no name, and proves nothing.
    """
    try:
        read = x509.load_der_x509_certificate(certificate)
        pem, subject = read.public_bytes(Encoding.PEM).decode("ascii"), read.subject.rfc4514_string()
    except ValueError as error:
        return {"client_cert_chain": (), "client_cert_name": None, "client_cert_error": str(error)}
    return {"client_cert_chain": (pem,), "client_cert_name": subject, "client_cert_error": None}
