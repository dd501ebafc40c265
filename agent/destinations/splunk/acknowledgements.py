"""HEC indexer acknowledgement: asking until the indexers have what was sent.

An acknowledgement is told once and forgotten, and lives in the memory of one HEC node: a lost answer, a restart or a
load balancer that changes nodes leaves us without one. Then the rows are sent again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import orjson

from agent.destinations.exchange import Exchange
from agent.destinations.splunk.reply import HecReply
from agent.errors import Misconfigured, Unavailable

PATH = "/services/collector/ack"
SHORTEST, LONGEST = 0.1, 5.0
"""Seconds between two questions; doubled from the one to the other."""


class Acknowledgements:
    """`wait(seconds)` returns true when it is time to go; `patience` is how long an acknowledgement may take."""

    def __init__(self, exchange: Exchange, wait: Callable[[float], bool], patience: timedelta) -> None:
        self._exchange = exchange
        self._wait = wait
        self._patience = patience.total_seconds()
        self._offered = False

    def require(self) -> None:
        """Ask, before anything is sent, whether the token has acknowledgements. Raises Misconfigured if not."""
        if not self._offered:
            self._ask(0)
            self._offered = True

    def settle(self, ack_id: int | None) -> None:
        """Return once `ack_id` is acknowledged. Raises Unavailable when it is not in time."""
        if ack_id is None:
            self._offered = False
            raise Unavailable(f"{self._exchange.url}: accepted without an acknowledgement id")
        waited, pause = 0.0, SHORTEST
        while not self._ask(ack_id):
            if waited >= self._patience:
                raise Unavailable(f"{self._exchange.url}: no acknowledgement within {self._patience:g} s")
            if self._wait(pause):
                raise Unavailable(f"{self._exchange.url}: stopped while waiting for an acknowledgement")
            waited += pause
            pause = min(LONGEST, pause * 2)

    def _ask(self, ack_id: int) -> bool:
        content = orjson.dumps({"acks": [ack_id]})
        answer = self._exchange.post(PATH, content, {"Content-Type": "application/json"})
        acks = (answer.json() or {}).get("acks")
        if answer.status == 200 and isinstance(acks, dict):
            return acks.get(str(ack_id)) is True
        reply = HecReply.of(answer)
        kind = Misconfigured if reply.lasting else Unavailable
        raise kind(f"{self._exchange.url}: no acknowledgements: {reply.meaning}", hint=reply.hint)
