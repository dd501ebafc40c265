"""What a sender is answered: JSON, problems in the form of RFC 9457, and what it is to do about them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

import orjson

Headers = tuple[tuple[bytes, bytes], ...]

JSON = b"application/json"
PROBLEM = b"application/problem+json"


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one request."""

    status: int
    body: bytes = b""
    content_type: bytes = JSON
    headers: Headers = ()
    ends: bool = False
    """Whether the connection ends with it: what the client still sends is not read."""
    reason: str = ""
    """Why the request was refused, for `status` and the log; empty where it was not."""

    def all_headers(self) -> list[tuple[bytes, bytes]]:
        length = [] if self.status == HTTPStatus.NO_CONTENT else [(b"content-length", b"%d" % len(self.body))]
        content = [(b"content-type", self.content_type)] if self.body else []
        closing = [(b"connection", b"close")] if self.ends else []
        return [*content, *length, (b"cache-control", b"no-store"), *closing, *self.headers]


class RequestRefusal(Exception):
    """A request that is not taken. `answer` says why, in JSON."""

    def __init__(
        self, status: int, detail: str, *, retry_after: float | None = None, headers: Headers = (), ends: bool = False
    ) -> None:
        """`detail`: for the sender, what is wrong and what to do; `retry_after`: seconds."""
        super().__init__(detail)
        self.detail = detail
        if retry_after is not None:
            headers = (*headers, (b"retry-after", b"%d" % max(1, math.ceil(retry_after))))
        self.answer = replace(problem(status, detail), headers=headers, ends=ends, reason=detail)


def problem(status: int, detail: str) -> Answer:
    """A problem (https://www.rfc-editor.org/rfc/rfc9457)."""
    return Answer(status, _encoded(title=HTTPStatus(status).phrase, status=status, detail=detail), PROBLEM)


def taken(reports: int) -> Answer:
    """All of a request is committed; `reports`: how many it had, with those that came before."""
    return Answer(200, _encoded(reports=reports))


def _encoded(**values: Any) -> bytes:
    return orjson.dumps(values)
