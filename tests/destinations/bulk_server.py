"""A `_bulk` server that keeps documents by id, as Elasticsearch and OpenSearch do."""

from __future__ import annotations

import base64
from typing import Any

import orjson

from tests.destinations.http_server import ReceivedRequest, Reply

USER, PASSWORD = "leakline", "a password"


class BulkServer:
    """`documents`: (index, id) to document, as it came. `refuse`: id to the (status, error type) of its item."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], bytes] = {}
        self.refuse: dict[str, tuple[int, str]] = {}
        self.largest = 10**9
        self.longest_term = 10**9
        self.quarantine: set[str] = set()
        self.templates: dict[str, Any] = {}

    def __call__(self, request: ReceivedRequest) -> Reply:
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            return Reply(401, b"Unauthorized")
        path = request.path.split("?")[0]
        if path == "/":
            return Reply.json(200, {"version": {"number": "9.1.0"}})
        if path.startswith("/_index_template/"):
            return self._template(request, path.rpartition("/")[2])
        if path != "/_bulk":
            return Reply.json(404, {"error": {"type": "not_found"}, "status": 404})
        return self._bulk(request)

    def _template(self, request: ReceivedRequest, name: str) -> Reply:
        if request.method == "PUT":
            self.templates[name] = orjson.loads(request.body)
            return Reply.json(200, {"acknowledged": True})
        return Reply.json(200 if name in self.templates else 404, {})

    def _bulk(self, request: ReceivedRequest) -> Reply:
        if len(request.body) > self.largest:
            return Reply(413)
        if not request.body.endswith(b"\n"):
            return Reply.json(400, {"error": {"type": "illegal_argument_exception", "reason": "no newline"}})
        lines = request.body[:-1].split(b"\n")
        items = []
        for action, document in zip(lines[::2], lines[1::2], strict=True):
            target = orjson.loads(action)["create"]
            items.append({"create": self._create(target["_index"], target["_id"], document)})
        errors = any(item["create"]["status"] >= 300 for item in items)
        return Reply.json(200, {"took": 1, "errors": errors, "items": items})

    def _create(self, index: str, event_id: str, document: bytes) -> dict[str, Any]:
        result: dict[str, Any] = {"_index": index, "_id": event_id}
        if event_id in self.refuse:
            status, kind = self.refuse[event_id]
            return {**result, "status": status, "error": {"type": kind, "reason": f"{kind} for a reason"}}
        if (index, event_id) in self.documents:
            return {**result, "status": 409, "error": {"type": "version_conflict_engine_exception", "reason": "x"}}
        try:
            orjson.loads(document)
        except orjson.JSONDecodeError:
            return {**result, "status": 400, "error": {"type": "mapper_parsing_exception", "reason": "not JSON"}}
        if len(str(orjson.loads(document).get("message")).encode()) > self.longest_term:
            reason = 'Document contains at least one immense term in field="message"'
            return {**result, "status": 400, "error": {"type": "illegal_argument_exception", "reason": reason}}
        self.documents[index, event_id] = document
        used = {"failure_store": "used"} if event_id in self.quarantine else {}
        return {**result, "status": 201, **used}
