"""One request and its answer, between the HTTP library and the org: bodies, compression, streaming, and the faults of transport."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.utils import formatdate
from itertools import islice
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, urlsplit

from agent.simulator.api.broken_answer import broken_answer, ending_of, is_broken
from agent.simulator.api.file_pieces import ending, gzipped, pieces_of
from agent.simulator.api.http_message import ApiAnswer, ApiRequest
from agent.simulator.api.rest import Rest, kind_of
from agent.simulator.api.wire_proxy import Ending, WireProxy
from agent.simulator.log_files.log_file import LogFile
from agent.simulator.org.simulated_org import SimulatedOrg

LONGEST_URI = 16_384
"""Bytes; facts: REST API status 414."""
LONGEST_BODY = 1 << 20
"""Bytes of a request. Nothing that is answered here needs more."""
BODY_SECONDS = 120.0
"""A request's body has come by then, or the connection ends."""
SMALLEST_PACKED = 1000
"""Bytes: shorter bodies are not compressed."""
CUT_AT = 1000
"""Bytes of a log file, as sent, after which it breaks off if nothing else is said."""
AT_ONCE = 1 << 18
"""Bytes that are written at once, before the writer waits for the client: each of them is copied a few times."""
PIECES_AHEAD = 4
"""Pieces of a log file read at once, and held while the client takes them."""

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
_Made = TypeVar("_Made")


class Host(Protocol):
    """The server, as an exchange sees it."""

    org: SimulatedOrg
    rest: Rest
    workers: ThreadPoolExecutor
    closing: threading.Event

    @property
    def port(self) -> int: ...


class ApiExchange:
    """What an ASGI server calls for one request. The org is asked on a thread; everything else runs on the event loop."""

    def __init__(self, server: Host, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        self.server = server
        self.scope = scope
        self.wire: WireProxy = scope["state"]["wire"]
        self._receive = receive
        self._send = send
        self._headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}

    async def run(self) -> None:
        """Answer. Ends early when the client has gone, or the server closes."""
        self.wire.drip(0, 0)
        body = await self._body()
        if body is None:
            return
        request = self._request(body)
        if len(self.scope["raw_path"]) + len(self.scope["query_string"]) >= LONGEST_URI:
            await self.send(ApiAnswer(414, b"URI Too Long", "text/plain"))
        elif len(body) > LONGEST_BODY:
            refused = {"Connection": "close"}
            await self.send(ApiAnswer(413, b"Request Entity Too Large", "text/plain", refused))
        else:
            answer = await self.on_thread(self.answer, kind_of(request.path), request)
            if answer.file is None:
                await self.send(answer)
            else:
                await self.stream(answer, answer.file)

    def answer(self, kind: str, request: ApiRequest) -> ApiAnswer:
        """What the org says, faults of transport included. Runs on a thread of its own."""
        org = self.server.org
        faults = org.faults
        if kind == "control" or not is_broken(faults) or not org.strikes(kind):
            return self.server.rest.answer(request)
        if faults.status or faults.html:
            org.count(kind)
            return broken_answer(faults)
        answer = self.server.rest.answer(request)
        if faults.short_json and answer.file is None:
            return replace(answer, body=answer.body[: len(answer.body) // 2])
        return replace(answer, ending=ending_of(faults, is_file=answer.file is not None))

    async def send(self, answer: ApiAnswer) -> None:
        """A body that is in memory; half of it if the connection is to end there."""
        body, headers = answer.body, {"Content-Type": answer.content_type, **answer.headers}
        if self.wants_gzip() and len(body) > SMALLEST_PACKED:
            body, headers["Content-Encoding"] = b"".join(gzipped([body])), "gzip"
        headers["Content-Length"] = str(len(body))
        await self.start(answer.status, headers)
        if answer.ending:
            await self.write(body[: len(body) // 2])
            await self.finish(answer.ending)
        else:
            await self.write(body, last=True)

    async def stream(self, answer: ApiAnswer, file: LogFile) -> None:
        """A log file in chunks, as quickly as the client takes them."""
        faults, packed = self.server.org.faults, self.wants_gzip()
        chunk = self.server.org.settings.log_file_chunk
        coding = {"Content-Encoding": "gzip"} if packed else {}
        await self.start(200, {"Content-Type": answer.content_type, **answer.headers, **coding})
        hit = faults.only_file in ("", file.id, file.event_type)
        end = (faults.cut_log_file_at or faults.end_log_file_at) if hit else 0
        cut: Ending = answer.ending or ("close" if hit and faults.cut_log_file_at else "")
        if cut and not end:
            end = CUT_AT
        if faults.drip_bytes or faults.drip_seconds:
            self.wire.drip(faults.drip_bytes or chunk, faults.drip_seconds)
        pieces = pieces_of(file.path, chunk)
        await self.pass_on(ending(gzipped(pieces) if packed else pieces, end))
        if cut:
            await self.finish(cut)
        else:
            await self.write(b"", last=True)

    async def pass_on(self, pieces: Iterator[bytes]) -> None:
        """Write them all, a few read ahead of the client; to HEAD none."""
        while self.scope["method"] != "HEAD" and not self.wire.is_closing():
            ahead: list[bytes] = await self.on_thread(list, islice(pieces, PIECES_AHEAD))
            for piece in ahead:
                await self.write(piece)
            if len(ahead) < PIECES_AHEAD:
                return

    async def start(self, status: int, headers: Mapping[str, str]) -> None:
        """The status and the headers."""
        told = {"Server": "SalesforceOrg/1.0", **self._date(), **headers}
        pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in told.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    def _date(self) -> dict[str, str]:
        """The header: by the machine's clock, or by the org's and the fault that moves it. An org that was given a clock of its
        own has none without that fault: such clocks stand still, or are nobody's.
        """
        org = self.server.org
        if ahead := org.faults.date_ahead_seconds:
            return {"Date": formatdate(org.now().timestamp() + ahead, usegmt=True)}
        return {"Date": formatdate(usegmt=True)} if org.settings.keeps_machine_time else {}

    async def write(self, body: bytes, *, last: bool = False) -> None:
        """A part of the body, perhaps the last one; waits while the client does not take it."""
        for start in range(0, max(1, len(body)), AT_ONCE):
            end = start + AT_ONCE
            ends = last and end >= len(body)
            await self._send({"type": "http.response.body", "body": body[start:end], "more_body": not ends})

    async def finish(self, how: Ending) -> None:
        """End the connection in the middle of the answer, and wait until the client has gone."""
        self.wire.finish(how)
        while (await self._receive())["type"] != "http.disconnect":
            continue

    def wants_gzip(self) -> bool:
        return "gzip" in self._headers.get("accept-encoding", "")

    async def on_thread(self, work: Callable[..., _Made], *arguments: Any) -> _Made:
        """Do what takes time, or waits, beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.server.workers, work, *arguments)

    def _request(self, body: bytes) -> ApiRequest:
        target: str = self.scope["raw_path"].decode("latin-1")
        return ApiRequest(
            self.scope["method"],
            target if target.startswith("/") else urlsplit(target).path,
            dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)),
            self._headers,
            body,
            f"https://{self._headers.get('host') or f'localhost:{self.server.port}'}",
        )

    async def _body(self) -> bytes | None:
        """Up to one byte more than is taken; None when the client has gone, or was too slow."""
        body = b""
        with_body = "content-length" in self._headers or "transfer-encoding" in self._headers
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while with_body and len(body) <= LONGEST_BODY:
                    message = await self._receive()
                    if message["type"] == "http.disconnect":
                        return None
                    body += message.get("body", b"")
                    with_body = message.get("more_body", False)
        except TimeoutError:
            self.wire.abort()
            return None
        return body
