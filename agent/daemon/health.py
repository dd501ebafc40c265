"""What the metrics port answers: `/metrics`, `/healthz` and `/readyz`, to GET and HEAD.

`/healthz`: the process works. 200 while every thread lives and no loop hangs, which is also when the watchdog is fed;
else 503, and a restart is the remedy.
`/readyz`: it does its work. 200 once a source has been read and while nothing keeps it from reading or delivering;
else 503 with the open problems that do, for which a restart is no remedy.

Both answer JSON, from memory alone: a state that somebody holds for too long does not hold them up. They show names and
kinds, which the metrics show too, and no text that came from outside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import Any

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from agent import metrics
from agent.problem import Problem

log = structlog.get_logger()

STOP_WORK = frozenset(
    {
        "source-failed",
        "pass-failed",
        "source-stopped",
        "ingest-paused",
        "destination-unavailable",
        "destination-stopped",
        "state-damaged",
        "loop-stalled",
    }
)
"""Kinds of problems that mean: something is not read, or not delivered."""

Answer = tuple[int, bytes, bytes]
"""Status, content type, body."""
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Health:
    """An ASGI application."""

    def __init__(
        self,
        ailing: Callable[[], Iterable[str]],
        problems: Callable[[], Iterable[Problem]],
        has_read: Callable[[], bool],
    ) -> None:
        """`ailing`: why the process does not work, nothing while it does; `problems`: those that are open; `has_read`:
        whether a source has been read since the start. None of them may wait for anything.
        """
        self._ailing = ailing
        self._problems = problems
        self._has_read = has_read
        self._paths: Mapping[str, Callable[[], Answer]] = {
            "/metrics": _metrics,
            "/healthz": self.health,
            "/readyz": self.readiness,
        }

    async def __call__(self, scope: Mapping[str, Any], _: object, send: Send) -> None:
        """One request; its body, if there is one, is not read."""
        if scope["type"] != "http":
            return
        status, content_type, body = self._answer(scope["method"], scope["path"])
        headers = [
            (b"content-type", content_type),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),  # one request a connection: that bounds them all
        ]
        if status == 405:
            headers.append((b"allow", b"GET, HEAD"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def health(self) -> Answer:
        """Whether the process works."""
        ailing = list(self._ailing())
        return _json(not ailing, {"well": not ailing, "reasons": ailing})

    def readiness(self) -> Answer:
        """Whether it reads and delivers."""
        hindrances = [
            {"id": problem.id, "kind": problem.kind, "subject": problem.subject, "since": problem.since.isoformat()}
            for problem in self._problems()
            if problem.kind in STOP_WORK
        ]
        read = self._has_read()
        ready = read and not hindrances
        return _json(ready, {"ready": ready, "has_read": read, "problems": hindrances})

    def _answer(self, method: str, path: str) -> Answer:
        answer = self._paths.get(path)
        if answer is None:
            return 404, b"text/plain", b"not found; there are " + ", ".join(self._paths).encode() + b"\n"
        if method not in ("GET", "HEAD"):
            return 405, b"text/plain", b"GET and HEAD only\n"
        return answer()


def _metrics() -> Answer:
    return 200, CONTENT_TYPE_LATEST.encode(), generate_latest(metrics.REGISTRY)


def _json(fine: bool, document: Mapping[str, Any]) -> Answer:
    return 200 if fine else 503, b"application/json", orjson.dumps(document) + b"\n"
