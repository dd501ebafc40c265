"""The real listener with a real source behind it, and senders that can do whatever a test wants."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
from standardwebhooks import Webhook

from agent.model import Batch
from agent.network.doorway import Doorway
from agent.network.lasting_connection import ConnectionBounds
from agent.network.listener import Listener
from agent.network.server_tls import ServerTls
from agent.normalize.vendor_identity import identify_named
from agent.sources.inbound.serving.application import InboundApplication
from agent.sources.inbound.serving.description import description
from agent.sources.inbound.serving.link_route import LinkHandler, LinkRoute
from agent.sources.inbound.serving.senders import Senders
from agent.sources.inbound.settings import InboundSettings
from agent.sources.inbound.source import InboundReports

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
PATIENCE = 60.0
"""Seconds after which a test fails rather than hangs."""
TOKEN = "token-of-the-middleware-0001"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SECRET_PATH = "a-path-that-nobody-can-guess-0001"
REPORT = {
    "type": "sync_failure",
    "id": "1",
    "time": "2026-07-01T09:59:59Z",
    "integration": "nightly",
    "object": "Account",
}


class NothingRemembered:
    def __call__(self, key: str) -> bytes | None:
        return None

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(())


@dataclass
class Listening:
    """What is there while it listens."""

    listener: Listener
    senders: Senders
    source: InboundReports
    batches: list[Batch] = field(default_factory=list)
    before: Callable[[], None] = lambda: None
    """Called before each commit; what it raises is what the commit ends in."""
    now: datetime = NOW
    scheme: str = "http"
    verify: Any = True

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.listener.port}"

    def push(self, *batches: Batch) -> int:
        self.before()
        self.batches.extend(batches)
        return sum(batch.frame.height for batch in batches)

    def post(
        self, sender: str = "middleware", document: Any = None, *, body: bytes | None = None, **headers: str
    ) -> httpx.Response:
        """With the token of the middleware and as JSON, unless headers say otherwise."""
        content = orjson.dumps(document if document is not None else REPORT) if body is None else body
        sent = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        verify = self.verify if self.scheme == "https" else False  # the system's authorities take long to read
        return httpx.post(
            f"{self.url}/v1/reports/{sender}", content=content, headers=sent, timeout=PATIENCE, verify=verify
        )

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.listener.port), timeout=PATIENCE)

    def raw(self, request: bytes) -> bytes:
        """All that is answered to these bytes, until the connection ends."""
        with self.connect() as connection:
            connection.sendall(request)
            return everything(connection)


def everything(connection: socket.socket) -> bytes:
    """Until the other side ends the connection."""
    answer = b""
    try:
        while piece := connection.recv(1 << 16):
            answer += piece
    except ConnectionResetError:
        pass
    return answer


def signed(body: bytes, *, id_: str = "msg_1", at: datetime = NOW, key: str = KEY) -> dict[str, str]:
    """Headers of a signature, as the library of Standard Webhooks makes it."""
    return {
        "webhook_id": id_,
        "webhook_timestamp": str(int(at.timestamp())),
        "webhook_signature": Webhook(key).sign(id_, at, body.decode()),
        "authorization": "",
    }


def plain_key(data: bytes) -> str:
    return f"whsec_{base64.b64encode(data).decode()}"


def sender(folder: Path, name: str = "middleware", **values: Any) -> dict[str, Any]:
    """Settings of a sender with a token, unless told otherwise."""
    authentication = values.pop("authentication", {"bearer": {"file": str(secret(folder, "token", TOKEN))}})
    return {"name": name, "org": "acme", "authentication": authentication, **values}


def secret(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@contextmanager
def listening(
    *senders: Mapping[str, Any],
    bounds: ConnectionBounds | None = None,
    serves: bool = True,
    links: LinkHandler | None = None,
    admits: Callable[[str], bool] = lambda _: True,
    **values: Any,
) -> Iterator[Listening]:
    """`values`: further keys of the settings `inbound`; `serves`: whether the source takes anything; `links`: what they do; `admits`: whether a
    sender may report.
    """
    if not senders:
        values = {"public_url": "https://leakline.example.com", **values}
    settings = InboundSettings.model_validate({"listen": "127.0.0.1:0", "senders": senders, **values})
    known = Senders(settings.senders)
    known.read_secrets()
    source = InboundReports(
        "acme", lambda: "00D000000000001AAA", now=lambda: NOW, recall=NothingRemembered(), naming=identify_named
    )
    application = InboundApplication(
        known,
        {"acme": source}.get,
        max_bytes=settings.max_bytes,
        description=description(settings, serves_links=links is not None),
        now=lambda: there.now,
        links=LinkRoute(links) if links is not None else None,
        admits=admits,
    )
    files = settings.tls
    tls = (
        ServerTls(files.certificate, files.key, files.client_ca, steady=iter(range(1 << 30)).__next__)
        if files
        else None
    )
    listener = Listener("inbound", application, "127.0.0.1", 0, doorway=Doorway(bounds or ConnectionBounds(), tls))
    there = Listening(listener, known, source, scheme="https" if files else "http")
    listener.open()
    stop = threading.Event()
    thread = threading.Thread(target=source.serve, args=(there.push, stop))
    if serves:
        thread.start()
    try:
        yield there
    finally:
        stop.set()
        if serves:
            thread.join(PATIENCE)
        listener.close()
        application.close()
