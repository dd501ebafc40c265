"""Requests of senders: which reports a request has follows from its number, so that whoever judges knows it without being told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

QUIET_TYPES = ("api_call", "api_call", "heartbeat", "api_call", "api_call")
"""Of reports that are no failures, in turns."""
EVENT_TYPES = {"api_call": "ApiCall", "sync_failure": "SyncFailure", "heartbeat": "Heartbeat"}


@dataclass(frozen=True, slots=True)
class ReportRequests:
    """What `senders` (a name to its bearer token) send in turns; each `array_every`-th request is an array of `array` reports,
    all others are one report.
    """

    senders: Sequence[tuple[str, str]]
    label: str = "load"
    """The beginning of all ids: two of these with different ones have no id in common."""
    array: int = 20
    array_every: int = 20
    """0: none is an array."""
    failure_every: int = 8
    """Each so many-th report is a failure."""
    jobs: int = 1
    """Over so many jobs the failures are spread: the first of each is an alert, the next ones are counted in it."""

    def ids(self, number: int) -> list[tuple[str, str, str]]:
        """Sender, event type and the sender's id of each report of a request."""
        sender = self._sender(number)[0]
        return [(sender, EVENT_TYPES[kind], id_) for kind, id_ in self._reports(number)]

    def wire(self, number: int) -> bytes:
        """The whole request, head and body."""
        sender, token = self._sender(number)
        time = datetime.now(UTC).isoformat()
        reports = [self._document(kind, id_, number, time) for kind, id_ in self._reports(number)]
        body = orjson.dumps(reports if self._is_array(number) else reports[0])
        return (
            f"POST /v1/reports/{sender} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        ).encode() + body

    def _sender(self, number: int) -> tuple[str, str]:
        return self.senders[number % len(self.senders)]

    def _is_array(self, number: int) -> bool:
        return self.array_every > 0 and number % self.array_every == self.array_every - 1

    def _reports(self, number: int) -> list[tuple[str, str]]:
        """Type and id."""
        count = self.array if self._is_array(number) else 1
        return [(self._type(number + place), f"{self.label}-{number}-{place}") for place in range(count)]

    def _type(self, turn: int) -> str:
        is_failure = turn % self.failure_every == self.failure_every - 1
        return "sync_failure" if is_failure else QUIET_TYPES[turn % len(QUIET_TYPES)]

    def _document(self, kind: str, id_: str, number: int, time: str) -> dict[str, object]:
        report: dict[str, object] = {"type": kind, "id": id_, "time": time, "integration": f"orders {number % 7}"}
        if kind == "heartbeat":
            return report
        call = {
            "job": f"{self.label} {number // self.failure_every % self.jobs}",
            "run": f"run-{number // 500}",
            "user": f"integration{number % 7}@trading.example",
            "object": "Account",
            "operation": "upsert",
            "method": "POST",
            "url": "https://trading.my.salesforce.com/services/data/v62.0/composite/sobjects",
            "status": 500 if kind == "sync_failure" else 200,
            "duration_ms": 40 + number % 60,
            "request_bytes": 1_000 + number % 900,
            "response_bytes": 300,
            "source_ip": f"203.0.113.{number % 7 + 1}",
            "user_agent": "middleware/4.2",
        }
        failed = {
            "error_code": "UNABLE_TO_LOCK_ROW",
            "error_message": "unable to obtain access to this record",
            "attempt": 1,
        }
        return report | call | (failed if kind == "sync_failure" else {})
