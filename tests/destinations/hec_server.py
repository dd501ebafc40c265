"""A HEC server with the habits of Splunk's own, as measured on 10.4 (and, by switch, of its imitators)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.destinations.http_server import ReceivedRequest, Reply

TOKEN = "11111111-2222-3333-4444-555555555555"
KNOWN = {"time", "host", "source", "sourcetype", "index", "fields", "event"}


class HecServer:
    """Keeps what it indexed in `events`. `keeps_rows_before_bad`: Splunk does, its imitators do not."""

    def __init__(self, *, acknowledges: bool = False, keeps_rows_before_bad: bool = True) -> None:
        self.events: list[dict[str, Any]] = []
        self.acknowledges = acknowledges
        self.keeps_rows_before_bad = keeps_rows_before_bad
        self.acknowledge_after = 1
        """Questions before an acknowledgement is told."""
        self.forgets = False
        self.largest = 10**9
        self.indexes = {"main"}
        self._pending: dict[int, int] = {}
        self._next_id = 0

    def ids(self) -> list[str]:
        """The ids of the events it indexed, in order."""
        return [event["fields"]["event_id"] for event in self.events]

    def __call__(self, request: ReceivedRequest) -> Reply:
        path = request.path.split("?")[0]
        if path == "/services/collector/health":
            return self._say(200, 17, "HEC is healthy")
        if request.headers.get("Authorization") != f"Splunk {TOKEN}":
            return self._say(403, 4, "Invalid token")
        if path == "/services/collector/ack":
            return self._acks(request)
        if path == "/services/collector/event":
            return self._index(request)
        return Reply(404, b"<html>", {"Server": "Splunkd"})

    def _index(self, request: ReceivedRequest) -> Reply:
        if self.acknowledges and "X-Splunk-Request-Channel" not in request.headers:
            return self._say(400, 10, "Data channel is missing")
        if len(request.body) > self.largest:
            return Reply(413, b"<html>too large</html>", {"Server": "Splunkd"})
        if not request.body.strip():
            return self._say(400, 5, "No data")
        taken: list[dict[str, Any]] = []
        for number, event in enumerate(_objects(request.body)):
            code = self._fault_of(event)
            if event is None or code:
                if self.keeps_rows_before_bad:
                    self.events += taken
                shown = number + 1 if code == 7 else number
                return self._say(400, code, "refused", **{"invalid-event-number": shown})
            if set(event) - KNOWN:
                break  # Splunk drops the rest and says nothing
            taken.append(event)
        self.events += taken
        if self.acknowledges:
            self._next_id += 1
            self._pending[self._next_id - 1] = self.acknowledge_after
            return self._say(200, 0, "Success", ackId=self._next_id - 1)
        return self._say(200, 0, "Success")

    def _fault_of(self, event: dict[str, Any] | None) -> int:
        if event is None:
            return 6
        if "event" not in event:
            return 12
        if event["event"] in ("", " "):
            return 13
        if not all(isinstance(value, str | int | float | list) for value in event.get("fields", {}).values()):
            return 15
        return 7 if event.get("index", "main") not in self.indexes else 0

    def _acks(self, request: ReceivedRequest) -> Reply:
        if not self.acknowledges:
            return self._say(400, 14, "ACK is disabled")
        told = {}
        for ack in json.loads(request.body)["acks"]:
            left = self._pending.get(ack, 10**9) - 1
            told[str(ack)] = left <= 0 and not self.forgets
            if ack in self._pending:
                self._pending[ack] = left
            if told[str(ack)]:
                del self._pending[ack]
        return Reply.json(200, {"acks": told}, Server="Splunkd")

    def _say(self, status: int, code: int, text: str, **fields: Any) -> Reply:
        server = "Splunkd" if self.keeps_rows_before_bad else "imitation"
        return Reply.json(status, {"text": text, "code": code, **fields}, Server=server)


def hec_reply(status: int, code: int, server: str = "Splunkd", *, bad_event: int | None = None) -> Reply:
    """An answer of HEC's as such; `bad_event` is its `invalid-event-number`."""
    number = {} if bad_event is None else {"invalid-event-number": bad_event}
    return Reply.json(status, {"text": "text", "code": code, **number}, Server=server)


def _objects(body: bytes) -> Iterator[dict[str, Any] | None]:
    """Concatenated JSON objects; None for something that is not one, after which nothing can be read."""
    text, decoder, place = body.decode(), json.JSONDecoder(), 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        try:
            document, place = decoder.raw_decode(text, place)
        except ValueError:
            yield None
            return
        yield document if isinstance(document, dict) else None
