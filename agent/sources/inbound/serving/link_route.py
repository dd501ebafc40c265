"""The links in messages: GET shows, POST acts. What is done waits for the state, on threads of its own, and only so much at a time.

Who opens links without being asked, such as a scanner of mail, uses GET and HEAD, and posts nothing of the page's form.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol, TypeVar
from urllib.parse import parse_qsl

from agent.redaction.redaction import excerpt
from agent.sources.inbound.serving.answers import Answer, RequestRefusal
from agent.sources.inbound.serving.exchange import InboundExchange
from agent.sources.inbound.serving.page import refusal_page
from agent.sources.inbound.serving.request_body import BodiesInHand, read_body
from agent.sources.inbound.serving.senders import RequestPace
from agent.sources.inbound.serving.single_headers import require_single

ACKNOWLEDGE = "/v1/acknowledge/"

A_SECOND, WRONG_A_SECOND = 60, 10
"""Requests with links that are signed, and with others. Each has its own, so that who tries links keeps nobody from using one."""
MOST_WORKED = 32
"""Requests at a time."""
THREADS = 4
SECONDS = 20.0
"""Until a request is answered with 503 whose work goes on."""
MOST_BYTES = 2_048
"""Of a form: three times what the page's own can have."""
FIELDS = frozenset({"proof", "who"})
MOST_SAID = 200
"""Characters of what a client says of itself."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """Somebody opens a link, or sends its form."""

    token: str
    form: Mapping[str, str] | None = None
    """None: it is only to be shown."""
    address: str = ""
    """Of the connection; a proxy's, where one stands before the listener."""
    forwarded_for: str = ""
    """As a proxy, or whoever likes to, says it."""
    user_agent: str = ""


class LinkHandler(Protocol):
    """What links do. May be called from any thread, and may wait."""

    def knows(self, token: str) -> bool:
        """Whether it is signed; says nothing of its time."""
        ...

    def answer(self, request: LinkRequest) -> Answer:
        """A page. Raises RequestRefusal."""
        ...


class LinkRoute:
    """Called on the listener's thread alone."""

    def __init__(self, handler: LinkHandler, steady: Callable[[], float] = time.monotonic) -> None:
        self._handler = handler
        self._pace, self._wrong_pace = RequestPace(A_SECOND, steady), RequestPace(WRONG_A_SECOND, steady)
        self._workers = ThreadPoolExecutor(THREADS, "link")
        self._worked = 0

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def answer(self, exchange: InboundExchange, token: str, bodies: BodiesInHand) -> Answer:
        """A page, also where the request is refused. Raises Disconnection."""
        is_post = exchange.method == "POST"
        try:
            require_single(exchange.scope_headers)
            await self._require_known(token, is_post)
            form = await _read_form(exchange, bodies) if is_post else None
            headers = exchange.headers
            request = LinkRequest(
                token,
                form,
                exchange.address,
                _said(headers.get(b"x-forwarded-for", b"")),
                _said(headers.get(b"user-agent", b"")),
            )
            return await self._work(lambda: self._handler.answer(request))
        except RequestRefusal as refusal:
            return refusal_page(refusal.answer)

    async def _require_known(self, token: str, is_post: bool) -> None:
        """Raises RequestRefusal, before anything of a form is read."""
        if await self._work(lambda: self._handler.knows(token)):
            if not self._pace.take():
                raise RequestRefusal(429, "Too many requests with links.", retry_after=1, ends=is_post)
        elif self._wrong_pace.take():
            raise RequestRefusal(404, "There is no such link.", ends=is_post)
        else:
            raise RequestRefusal(429, "Too many requests with wrong links.", retry_after=1, ends=is_post)

    async def _work(self, work: Callable[[], T]) -> T:
        """Raises RequestRefusal."""
        if self._worked >= MOST_WORKED:
            raise RequestRefusal(503, "Too many links are worked on.", retry_after=1, ends=True)
        self._worked += 1
        future = asyncio.get_running_loop().run_in_executor(self._workers, work)
        future.add_done_callback(self._note_done)  # work that nobody waits for any more counts until it ends
        try:
            return await asyncio.wait_for(asyncio.shield(future), SECONDS)
        except TimeoutError:
            raise RequestRefusal(503, "It is not stored yet.", retry_after=SECONDS) from None

    def _note_done(self, future: asyncio.Future[T]) -> None:
        self._worked -= 1
        if not future.cancelled():
            future.exception()  # whoever waits has it; where nobody does, asyncio is not to complain


async def _read_form(exchange: InboundExchange, bodies: BodiesInHand) -> dict[str, str]:
    """Raises RequestRefusal for what the page's own form does not send, and Disconnection."""
    headers = exchange.headers
    # A browser says so itself where another site sends the form; `none` is a page that is loaded again.
    if headers.get(b"sec-fetch-site", b"same-origin") not in (b"same-origin", b"none"):
        raise RequestRefusal(HTTPStatus.FORBIDDEN, "The form came from another site.", ends=True)
    with bodies.share(exchange.address) as take:
        body = await read_body(exchange.receive, headers, MOST_BYTES, lambda size: take(size, is_stranger=True))
    media_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if media_type != b"application/x-www-form-urlencoded":
        raise RequestRefusal(HTTPStatus.FORBIDDEN, "It is not the form of the page.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=len(FIELDS),
        )
    except ValueError:
        raise RequestRefusal(HTTPStatus.FORBIDDEN, "The form cannot be read.") from None
    form = dict(pairs)
    if len(form) != len(pairs) or not form.keys() <= FIELDS:
        raise RequestRefusal(HTTPStatus.FORBIDDEN, "The form has other fields than the page's.")
    return form


def _said(value: bytes) -> str:
    return excerpt(value.decode("latin-1"), MOST_SAID)
