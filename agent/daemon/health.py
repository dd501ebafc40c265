"""What the metrics port answers: `/metrics`, `/healthz`, `/readyz` and `/readyz/ORG`, to GET and HEAD.

`/healthz`: the process works. 200 while every thread lives and no loop hangs, which is also when the watchdog is fed;
else 503, and a restart is the remedy. An org's trouble never shows here.
`/readyz`: it does its work. 200 once every org has been read and while nothing keeps it from reading or delivering;
else 503 with the open problems that do, for which a restart is not a remedy.
`/readyz/ORG`: the same for one org, by its name in the settings: what concerns it or the whole process.

With many orgs `/readyz` is 503 while any of them is in trouble: an org that is not watched must not look green to somebody
who asks once for all, and nothing routes work by this answer. Whoever runs many orgs, one of which always has a password
that has expired, asks for each by its own address; `org` in each problem says whose it is.

Both answer JSON, from memory alone: a state that somebody holds for too long does not hold them up. They show names and
kinds, which the metrics show too, and no text that came from outside.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from functools import partial
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
        "source-stopped",
        "pass-failed",
        "ingest-paused",
        "destination-unavailable",
        "destination-stopped",
        "state-damaged",
        "loop-stalled",
    }
)
"""Kinds of problems that mean: something is not read, or not delivered."""

_READYZ = "/readyz/"

Answer = tuple[int, bytes, bytes]
"""Status, content type, body."""
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Health:
    """An ASGI application."""

    def __init__(
        self,
        ailing: Callable[[], Iterable[str]],
        problems: Callable[[], Iterable[tuple[str, Problem]]],
        orgs: Collection[str],
        has_read: Callable[[str], bool],
    ) -> None:
        """`ailing`: why the process does not work, nothing while it does; `problems`: those that are open, each with the name
        of its org, empty for the process itself; `orgs`: their names, as they are at each request; `has_read`: whether a source of this org has been
        read since the start. None of them may wait for anything.
        """
        self._ailing = ailing
        self._problems = problems
        self._orgs = orgs
        self._has_read = has_read
        self._paths: Mapping[str, Callable[[], Answer]] = {
            "/metrics": _metrics,
            "/healthz": self.health,
            "/readyz": lambda: self.readiness(list(orgs)),
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

    def readiness(self, orgs: Collection[str]) -> Answer:
        """Whether these orgs are read and what was read of them is delivered."""
        # Of an org that only the state knows, what is delivered still counts for all.
        other_orgs = set(self._orgs) - set(orgs)
        hindrances = [
            {
                "id": problem.id,
                "kind": problem.kind,
                "subject": problem.subject,
                "org": org,
                "since": problem.since.isoformat(),
            }
            for org, problem in self._problems()
            if problem.kind in STOP_WORK and org not in other_orgs
        ]
        unread = [org for org in orgs if not self._has_read(org)]
        ready = not unread and not hindrances
        return _json(ready, {"ready": ready, "has_read": not unread, "unread": unread, "problems": hindrances})

    def _answer(self, method: str, path: str) -> Answer:
        org = path.removeprefix(_READYZ)
        answer = self._paths.get(path)
        if org != path and org in self._orgs:  # looked up at each request: orgs come and go
            answer = partial(self.readiness, [org])
        if answer is None:
            return 404, b"text/plain", b"not found; there are /metrics, /healthz, /readyz and /readyz/ORG\n"
        if method not in ("GET", "HEAD"):
            return 405, b"text/plain", b"GET and HEAD only\n"
        return answer()


def _metrics() -> Answer:
    return 200, CONTENT_TYPE_LATEST.encode(), generate_latest(metrics.REGISTRY)


def _json(fine: bool, document: Mapping[str, Any]) -> Answer:
    return 200 if fine else 503, b"application/json", orjson.dumps(document) + b"\n"
