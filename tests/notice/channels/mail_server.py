"""Mail servers: aiosmtpd with STARTTLS, AUTH and answers that a test scripts; and plain sockets that only misbehave."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "leakline", "correct-horse-battery-staple"


class Postbox:
    """What a server accepted; `refused`: answers to RCPT by address, `answers`: to the text, the first one first."""

    def __init__(self) -> None:
        self.mails: list[Envelope] = []
        self.refused: dict[str, str] = {}
        self.answers: list[str] = []
        self.secured: list[bool] = []
        self.hangs = False
        self.cuts_after_text = False

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if answer := self.refused.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert server.transport is not None
        self.secured.append(server.transport.get_extra_info("ssl_object") is not None)
        if self.hangs:
            await asyncio.sleep(30)
        if self.cuts_after_text:
            server.transport.close()
        answer = self.answers.pop(0) if self.answers else "250 2.0.0 Ok: queued as 4F2A1B9C0D"
        if answer.startswith("250"):
            self.mails.append(envelope)
        return answer


class _Server(Controller):
    """On a free port, by TLS at once if wanted."""

    def __init__(self, postbox: Postbox, context: ssl.SSLContext | None, at_once: ssl.SSLContext | None) -> None:
        self.starttls = context
        super().__init__(postbox, hostname="127.0.0.1", port=_free_port(), ssl_context=at_once)

    def factory(self) -> SMTP:
        return SMTP(
            self.handler,
            hostname="mx.example.com",
            tls_context=self.starttls,
            require_starttls=self.starttls is not None,
            authenticator=_authenticate,
            auth_require_tls=self.starttls is not None,
            enable_SMTPUTF8=True,
        )


def _authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    known = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=known, handled=False)


@contextmanager
def mail_server(
    postbox: Postbox, context: ssl.SSLContext | None = None, at_once: ssl.SSLContext | None = None
) -> Iterator[int]:
    """Its port."""
    server = _Server(postbox, context, at_once)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@contextmanager
def rude_server(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A server that does with each connection whatever it likes, until the event."""
    ended = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                with connection, suppress(OSError):
                    talk(connection, ended)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        ended.set()
        listening.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port
