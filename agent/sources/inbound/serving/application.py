"""What senders call, as an ASGI application: who it is, what it says, and an answer once that is committed.

It never waits on its thread, which serves everybody: long bodies are read on a thread of their own, and the commit is
awaited. Nothing that was refused is kept, and nothing is answered with success that is not committed.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from functools import partial
from http import HTTPStatus

import structlog

from agent import metrics
from agent.errors import NoRoom, PushError
from agent.redaction.redaction import excerpt, redact
from agent.sources.inbound import outbound_messages, report_document
from agent.sources.inbound.authentication import signature
from agent.sources.inbound.authentication.sender_proof import Shown
from agent.sources.inbound.report import BadReport, InboundRequest
from agent.sources.inbound.serving.answers import Answer, RequestRefusal, taken
from agent.sources.inbound.serving.commit_answers import CommitAnswers
from agent.sources.inbound.serving.content_type import require_json, require_xml
from agent.sources.inbound.serving.exchange import InboundExchange, Scope, Send
from agent.sources.inbound.serving.json_depth import DEEPEST, is_too_deep
from agent.sources.inbound.serving.link_route import ACKNOWLEDGE, LinkRoute
from agent.sources.inbound.serving.request_body import BodiesInHand, Disconnection, Receive, Take, read_body
from agent.sources.inbound.serving.senders import Sender, Senders
from agent.sources.inbound.serving.single_headers import require_single
from agent.sources.inbound.settings import SenderSettings
from agent.sources.inbound.source import InboundReports

log = structlog.get_logger()

REPORTS = "/v1/reports/"
OUTBOUND_MESSAGES = "/v1/outbound-messages/"
DESCRIPTION = "/openapi.json"

COMMIT_SECONDS = 25.0
"""Until a request whose commit is still awaited is answered with 503: senders give up after 30 to 120 seconds."""
MOST_AWAITED, MOST_OF_AN_ORG = 448, 384
"""Requests whose commit is awaited at a time, in all and for one org. A connection carries one, and the listener has 512 (`ConnectionBounds`): so there
are always some over which the next one hears 503, in place of a connection that is cut."""
COME_BACK = 10.0
"""Seconds, where nobody can say when there is room again."""
LONG = 16 << 10
"""Bytes of a body that is read on a thread of its own: a shorter one is read within a millisecond."""
REASON = 300
"""Characters of why a request was refused: parts of it are the sender's words."""


class InboundApplication:
    """Called on the listener's thread alone."""

    def __init__(
        self,
        senders: Senders,
        source_of: Callable[[str], InboundReports | None],
        *,
        max_bytes: int,
        description: bytes,
        now: Callable[[], datetime],
        links: LinkRoute | None = None,
        admits: Callable[[str], bool] = lambda _sender: True,
    ) -> None:
        """`source_of`: what takes the reports about an org, by its name; asked for each request. `description`: what is
        answered at `/openapi.json`; `links`: those of messages, where there are any; `admits`: whether a sender that has proved
        who it is may report.
        """
        self._senders = senders
        self._source_of = source_of
        self._description = description
        self._now = now
        self._links = links
        self._admits = admits
        self._bodies = BodiesInHand(max_bytes)
        self._commits = CommitAnswers()
        self._awaited = Counter[str]()
        """By org."""
        self._readers = ThreadPoolExecutor(2, "inbound reader")

    def close(self) -> None:
        """The listener has ended."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        if self._links is not None:
            self._links.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.monotonic()
        exchange = InboundExchange(scope, receive)
        try:
            answer = await self._answer(exchange)
        except RequestRefusal as refusal:
            answer = refusal.answer
        except Disconnection:
            return
        except asyncio.CancelledError:  # the listener ends, and does not wait for what lasts longer than a second
            answer = RequestRefusal(503, "Leakline is about to end; send it again.", retry_after=1).answer
        except Exception:  # noqa: BLE001 - a fault of ours: the sender comes again, and the others go on
            log.error("unexpected", traceback=redact(traceback.format_exc()))
            answer = RequestRefusal(500, "Leakline failed; send it again.", retry_after=COME_BACK).answer
        if exchange.speaks_soap and answer.status >= 400:
            answer = _as_fault(answer)
        self._note(exchange, answer, time.monotonic() - began)
        with suppress(asyncio.CancelledError):  # the listener ends while a client does not read its answer
            await exchange.answer(answer, send)

    async def _answer(self, exchange: InboundExchange) -> Answer:
        """Raises RequestRefusal and Disconnection."""
        path = exchange.path
        if path == DESCRIPTION:
            return _allowed(exchange, b"GET, HEAD") or Answer(200, self._description)
        if path.startswith(REPORTS) and "/" not in path[len(REPORTS) :]:
            return _allowed(exchange, b"POST") or await self._take_reports(exchange, path[len(REPORTS) :])
        if path.startswith(OUTBOUND_MESSAGES) and "/" not in path[len(OUTBOUND_MESSAGES) :]:
            exchange.speaks_soap = exchange.method == "POST"
            return _allowed(exchange, b"POST") or await self._take_message(exchange, path[len(OUTBOUND_MESSAGES) :])
        if self._links is not None and path.startswith(ACKNOWLEDGE) and "/" not in path[len(ACKNOWLEDGE) :]:
            refused = _allowed(exchange, b"GET, HEAD, POST")
            return refused or await self._links.answer(exchange, path[len(ACKNOWLEDGE) :], self._bodies)
        raise RequestRefusal(404, f"There is nothing here; reports go to {REPORTS}<sender>.", ends=True)

    async def _take_reports(self, exchange: InboundExchange, name: str) -> Answer:
        exchange.named = self._senders.known.get(name)
        with self._bodies.share(exchange.address) as take:
            sender, body = await self._proven(exchange, take, Shown(exchange.headers, exchange.subject))
            self._require_room(sender)
            require_json(exchange.headers)
            received, message_id = self._now(), signature.message_id_of(exchange.headers) or None
            request = await self._read(
                lambda: _read_reports(body, sender.settings, received, message_id), len(body) > LONG
            )
            await self._commit(sender, request)
        metrics.INBOUND_BYTES.labels(sender.settings.name).inc(len(body))
        return taken(len(request.reports))

    async def _take_message(self, exchange: InboundExchange, path: str) -> Answer:
        exchange.named = self._senders.by_path(path)
        with self._bodies.share(exchange.address) as take:
            sender, body = await self._proven(exchange, take, Shown(exchange.headers, exchange.subject, by_path=True))
            self._require_room(sender)
            require_xml(exchange.headers)
            received, source = self._now(), self._source_for(sender)
            try:
                request = await self._read(
                    lambda: outbound_messages.read_outbound_message(
                        body, sender.settings, received, source.organization()
                    ),
                    True,  # the organisation's id may be in the state alone
                )
            except RequestRefusal as refusal:
                if refusal.answer.status == 403:  # another org's message: told like one with wrong credentials
                    exchange.unproven = refusal.answer.reason
                raise
            await self._commit(sender, request)
        metrics.INBOUND_BYTES.labels(sender.settings.name).inc(len(body))
        return Answer(200, outbound_messages.ACKNOWLEDGED, b"text/xml; charset=utf-8")

    async def _proven(self, exchange: InboundExchange, take: Take, shown: Shown) -> tuple[Sender, bytes]:
        """The sender that the request names, if it is of that, and its body. Raises RequestRefusal; the same for a sender that
        does not exist.
        """
        require_single(exchange.scope_headers)
        sender = exchange.named
        proof = sender.proof if sender is not None else self._senders.nobody
        headers = exchange.headers
        reason = proof.why_not(shown)
        body: bytes | None = None
        if signature.SIGNATURE in headers:  # whoever it is, so that the time says nothing
            body = await read_body(exchange.receive, headers, self._bodies.most, partial(take, is_stranger=True))
            reason = proof.why_not_signed(headers, body, self._now()) or reason
        if sender is not None and sender.proof.problem and reason:
            proof.read_again = True
            raise RequestRefusal(
                503, "Leakline cannot read its own secrets now; send it again.", retry_after=COME_BACK, ends=True
            )
        if reason or sender is None:
            exchange.unproven = reason
            proof.read_again = True
            detail = "The credentials are not those of this sender; look at its token, key, certificate or path."
            raise RequestRefusal(
                401, detail, headers=((b"www-authenticate", b'Bearer realm="leakline"'),), ends=body is None
            )
        exchange.prove()
        if not self._admits(sender.settings.name):
            raise RequestRefusal(403, "This sender may not report.", ends=body is None)
        if not sender.pace.take():
            detail = (
                f"More than {sender.settings.requests_per_second} requests came within a second; send it again later."
            )
            raise RequestRefusal(429, detail, retry_after=1, ends=body is None)
        return sender, body if body is not None else await read_body(exchange.receive, headers, self._bodies.most, take)

    async def _read(self, read: Callable[[], InboundRequest], apart: bool) -> InboundRequest:
        """`apart`: on another thread. Raises RequestRefusal for what is no report."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, read) if apart else read()
        except BadReport as error:
            raise RequestRefusal(error.status, str(error)) from error

    def _source_for(self, sender: Sender) -> InboundReports:
        source = self._source_of(sender.settings.org)
        if source is None:
            raise RequestRefusal(503, "The org of this sender is not read now; send it again.", retry_after=COME_BACK)
        return source

    def _require_room(self, sender: Sender) -> None:
        """Before anything of a body is read, so that a refusal costs little. Raises RequestRefusal."""
        if self._awaited[sender.settings.org] >= MOST_OF_AN_ORG or self._awaited.total() >= MOST_AWAITED:
            raise RequestRefusal(503, "Too many requests wait for their commit; send it again.", retry_after=1)

    async def _commit(self, sender: Sender, request: InboundRequest) -> None:
        """Returns once the request is committed. Raises RequestRefusal."""
        self._awaited[sender.settings.org] += 1
        try:
            # The commit goes on where nobody waits for it any longer: a copy of the request is counted once.
            await self._commits.of(self._source_for(sender).submit(request), COMMIT_SECONDS)
        except TimeoutError:
            raise RequestRefusal(
                503, "It is not committed yet; send it again, with the same id.", retry_after=COME_BACK
            ) from None
        except NoRoom as error:
            detail = "There is no room for more reports now; send it again later."
            raise RequestRefusal(429, detail, retry_after=error.retry_after or COME_BACK) from error
        except PushError as error:
            detail = "Leakline does not take reports now; send it again later."
            raise RequestRefusal(503, detail, retry_after=error.retry_after or COME_BACK) from error
        finally:
            self._awaited[sender.settings.org] -= 1

    def _note(self, exchange: InboundExchange, answer: Answer, seconds: float) -> None:
        """In the metrics, and in what is known of the sender."""
        sender = exchange.named
        metrics.INBOUND_REQUESTS.labels(sender.settings.name if sender else "", answer.status).inc()
        metrics.INBOUND_SECONDS.observe(seconds)
        if sender is None:
            self._senders.strangers += bool(exchange.unproven)
            return
        record = sender.record
        record.is_refused = answer.status >= 400
        if not record.is_refused:
            record.taken, record.last_taken = record.taken + 1, self._now()
        else:
            record.refused += 1
            record.reason = excerpt(f"{answer.status}: {exchange.unproven or answer.reason}", REASON)
            if exchange.unproven:
                record.unproven, record.unproven_reason = record.unproven + 1, excerpt(exchange.unproven, REASON)


def _read_reports(body: bytes, sender: SenderSettings, received: datetime, message_id: str | None) -> InboundRequest:
    """Raises BadReport."""
    if is_too_deep(body):
        raise BadReport(f"the JSON is nested deeper than {DEEPEST} levels", status=400, hint="send it flat")
    return report_document.read_reports(body, sender, received, message_id)


def _allowed(exchange: InboundExchange, methods: bytes) -> Answer | None:
    """An answer where the method is another. Raises RequestRefusal."""
    if exchange.method.encode() in methods.split(b", "):
        return None
    allow = ((b"allow", methods + b", OPTIONS"),)
    if exchange.method == "OPTIONS":
        return Answer(204, headers=allow)
    raise RequestRefusal(405, f"This address takes {methods.decode()} only.", headers=allow, ends=True)


def _as_fault(answer: Answer) -> Answer:
    ours = answer.status == 429 or answer.status >= 500
    body = outbound_messages.fault(answer.reason or HTTPStatus(answer.status).phrase, ours=ours)
    return Answer(answer.status, body, b"text/xml; charset=utf-8", answer.headers, answer.ends, answer.reason)
