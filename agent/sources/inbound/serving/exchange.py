"""A request as ASGI hands it over, what is found out about it, and how it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from agent.sources.inbound.serving.answers import Answer
from agent.sources.inbound.serving.request_body import Receive
from agent.sources.inbound.serving.senders import Sender

LINGER_SECONDS, LINGER_BYTES = 2.0, 8 << 20
"""How long what a refused sender still sends is thrown away, so that it comes to read the answer."""

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class InboundExchange:
    """A request, and what is found out about it."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.scope_headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        self.headers: Mapping[bytes, bytes] = dict(self.scope_headers)
        self.receive = receive
        self.address: str = (scope.get("client") or ("",))[0]
        extensions = scope.get("extensions") or {}
        self.subject: str = (extensions.get("tls") or {}).get("client_cert_name") or ""
        self.prove: Callable[[], None] = extensions.get("prove_sender", lambda: None)
        self.speaks_soap = False
        self.named: Sender | None = None
        """Whom the request says that it is of."""
        self.unproven = ""
        """Why it is not; for whoever runs Leakline, not for the sender."""

    async def answer(self, answer: Answer, send: Send) -> None:
        """Send it; where the client may still be writing, in a way that it comes to read it."""
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.all_headers()})
        await send({"type": "http.response.body", "body": answer.body, "more_body": answer.ends})
        if answer.ends:
            await self._linger()
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        """A connection that ends while its client still writes is cut before the client reads: it hears no answer then."""
        if b"expect" in self.headers:
            return
        size = 0
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while size < LINGER_BYTES:
                    message = await self.receive()
                    size += len(message.get("body", b""))
                    if message["type"] == "http.disconnect" or not message.get("more_body"):
                        return
        except TimeoutError:
            return
