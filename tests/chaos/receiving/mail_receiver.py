"""A mail server that takes mail only after STARTTLS, and does what it is told with it."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import socket
import ssl
import time
from datetime import UTC, datetime
from typing import Any

from aiosmtpd.controller import Controller

from tests.chaos.receiving.mode import Mode
from tests.chaos.receiving.received import Received, ReceivedLog

_CANARY = re.compile(r"canary of (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC")
_LINK = re.compile(r"^https?://\S+$", re.MULTILINE)
_FACT = re.compile(r"^(Incident|Tier): (\S+)$", re.MULTILINE)


class MailReceiver:
    """Listens from the start, always at the same port."""

    def __init__(self, log: ReceivedLog, context: ssl.SSLContext) -> None:
        self._log = log
        self._context = context
        self.mode: Mode = "up"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._controller = self._listening()

    def set(self, mode: Mode) -> None:
        before, self.mode = self.mode, mode
        if before == "closed" and mode != "closed":
            self._controller = self._listening()
        if mode == "closed" and before != "closed":
            self._controller.stop()

    async def handle_DATA(self, server: Any, _: Any, envelope: Any) -> str:  # noqa: N802
        """Called by aiosmtpd, on its thread."""
        mode = self.mode
        while mode == "hanging" and self.mode == "hanging":
            await asyncio.sleep(0.1)
        if mode in ("hanging", "failing"):
            return "451 4.3.0 not now"
        if mode == "limiting":
            return "421 4.7.0 too many messages, come back later"
        self._log.append(received_mail(envelope.content, time.time(), envelope.rcpt_tos))
        if mode == "answerless":
            server.transport.abort()
        return "250 2.0.0 Ok: queued as CHAOS"

    def _listening(self) -> Controller:
        controller = Controller(
            self, hostname="127.0.0.1", port=self.port, tls_context=self._context, require_starttls=True
        )
        controller.start()
        return controller


def received_mail(content: bytes, at: float, recipients: list[str]) -> Received:
    """Of what came in DATA."""
    mail = email.message_from_bytes(content, policy=email.policy.default)
    body = mail.get_body(("plain",))
    text = body.get_content().replace("\r\n", "\n") if body is not None else ""
    subject, facts, link = str(mail["Subject"]), dict(_FACT.findall(text)), _LINK.search(text)
    raw = "\n".join([*(f"{name}: {value}" for name, value in mail.items()), text])
    canary = _CANARY.search(subject)
    if canary:
        kind = "canary"
        due = datetime.strptime(canary[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).isoformat()
    else:
        kind, due = "alarm" if "deadline of" in subject else "escalation" if "Incident" in facts else "trouble", ""
    number = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    return Received(
        at, "mail", number, kind, subject, raw, due, facts.get("Incident", ""), int(facts.get("Tier", 0)),
        link[0] if link else "", " ".join(recipients),
    )  # fmt: skip
