"""Splunk HEC's answers: what its codes mean and what is to be done about them.

Codes 0 to 27 as of Splunk 10.4; `invalid-event-number` counts from 0.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.destinations.exchange import HttpAnswer

MEANINGS = {
    0: "success",
    1: "the token is disabled",
    2: "no token arrived",
    3: "the Authorization header is not understood",
    4: "the token is not valid",
    5: "no data",
    6: "invalid data format",
    7: "the token may not write to this index",
    8: "internal server error",
    9: "the server is busy",
    10: "a data channel is missing",
    11: "the data channel is not valid",
    12: "the event is missing",
    13: "the event is blank",
    14: "acknowledgements are off for this token",
    15: "the indexed fields are not understood",
    16: "tokens in the URL are not allowed",
    17: "healthy",
    18: "unhealthy: the queues are full",
    19: "unhealthy: the acknowledgement service is down",
    20: "unhealthy: the queues are full and the acknowledgement service is down",
    21: "the token is not valid",
    22: "the token is disabled",
    23: "the server is shutting down",
    24: "accepted, but a queue is filling up",
    25: "accepted, but the acknowledgement channel is filling up",
    26: "a queue is full",
    27: "the acknowledgement channel is full",
}

ACCEPTED = frozenset({0, 24, 25})
FILLING_UP = frozenset({24, 25})
ABOUT_ONE_ROW = frozenset({6, 12, 13, 15})
UNTIL_CHANGED = frozenset({1, 2, 3, 4, 5, 7, 10, 11, 14, 16, 21, 22})
"""A person has to act. Code 5 too: our requests always have data, so something between us and Splunk took it out."""

HINTS = {
    1: "enable it in Splunk under Settings > Data inputs > HTTP Event Collector",
    4: "compare the token with Settings > Data inputs > HTTP Event Collector",
    5: "a proxy in between may drop the body",
    7: "add the index to the token's allowed indexes, or change `index`",
    10: "the token has indexer acknowledgement on: set `acknowledgements: true`",
    14: "set `acknowledgements: false`, or switch indexer acknowledgement on for the token",
}
HINTS |= {2: HINTS[4], 3: HINTS[4], 21: HINTS[4], 22: HINTS[1]}


@dataclass(frozen=True, slots=True)
class HecReply:
    """The parts of an answer that matter. `code` is None when the answer is not HEC's (a proxy's page)."""

    status: int
    code: int | None
    number: int | None
    """`invalid-event-number`: the first event that was not taken."""
    ack_id: int | None
    splunk: bool
    """Whether it is Splunk itself: it keeps the events before a bad one, its imitators keep none."""

    @classmethod
    def of(cls, answer: HttpAnswer) -> HecReply:
        document = answer.json() or {}
        code = _whole(document.get("code"))
        return cls(
            status=answer.status,
            code=code if code in MEANINGS else None,
            number=_whole(document.get("invalid-event-number")),
            ack_id=_whole(document.get("ackId")),
            splunk=answer.headers.get("server", "").startswith("Splunkd"),
        )

    @property
    def meaning(self) -> str:
        if self.code is None:
            return f"HTTP {self.status} in place of an answer from HEC"
        return f"{MEANINGS[self.code]} (HEC code {self.code})"

    @property
    def hint(self) -> str:
        if self.code is not None:
            return HINTS.get(self.code, "")
        return _HTTP_HINTS.get(self.status, "")

    @property
    def lasting(self) -> bool:
        """Whether only a changed setting helps."""
        if self.code is not None:
            return self.code in UNTIL_CHANGED
        return 300 <= self.status < 400 or self.status in _HTTP_HINTS


_HTTP_HINTS = {
    401: "the server, or a proxy before it, refuses the token",
    403: "the server, or a proxy before it, refuses the token or the request",
    404: "there is no HTTP Event Collector at this URL; it usually listens on port 8088",
    405: "there is no HTTP Event Collector at this URL; it usually listens on port 8088",
    415: "set `gzip: false`",
}


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
