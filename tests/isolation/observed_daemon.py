"""A whole daemon in this process, watched from a test: what it commits, and what arrives at a HEC."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.config.settings import parse
from agent.config.settings_files import SettingsFiles
from agent.daemon.daemon import Daemon
from agent.model import Batch
from tests.destinations.hec_server import TOKEN, HecServer
from tests.destinations.http_server import HttpServer, ReceivedRequest, Reply
from tests.end_to_end.agent_process import PATIENCE
from tests.isolation.served_org import ServedOrg

Document = dict[str, Any]


class MovedClock:
    """The real time, moved on by a test."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Changes:
    """Wakes whoever waits for something to become so."""

    def __init__(self) -> None:
        self._changed = threading.Condition()

    def note(self, *_: object) -> None:
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], Any], failure: Callable[[], str] = str) -> None:
        """Until `condition()`; fails if it takes too long, or as soon as `failure()` says something."""
        until = time.monotonic() + PATIENCE
        with self._changed:
            while not condition():
                assert not failure(), failure()
                assert time.monotonic() < until, "it does not come"
                self._changed.wait(0.2)


class ObservedHec:
    """A HEC whose events are the ECS documents that arrived, in order."""

    def __init__(self, changes: Changes) -> None:
        self._hec = HecServer()
        self._changes = changes
        self.server = HttpServer(self._reply)

    def settings(self, folder: Path, **keys: Any) -> dict[str, Any]:
        """Of this destination in a settings file."""
        (folder / "token").write_text(TOKEN)
        return {"type": "splunk", "url": self.server.url, "token": {"file": str(folder / "token")}, **keys}

    def documents(self) -> list[Document]:
        return [event["event"] for event in list(self._hec.events)]

    def received(self) -> bytes:
        """Everything that was sent to it, heads and bodies."""
        return b"\n".join(
            repr((request.method, request.path, dict(request.headers))).encode() + request.body
            for request in list(self.server.requests)
        )

    def _reply(self, request: ReceivedRequest) -> Reply:
        reply = self._hec(request)
        self._changes.note()
        return reply


class ObservedDaemon:
    """Runs in a thread until stopped."""

    def __init__(self, settings: Document | SettingsFiles, changes: Changes, clock: Callable[[], datetime]) -> None:
        """`settings`: a document, or files that a reload reads again."""
        files = settings if isinstance(settings, SettingsFiles) else None
        used = settings.settings if isinstance(settings, SettingsFiles) else parse(settings)
        self.daemon = Daemon(used, now=clock, watch=changes.note, files=files)
        self._changes = changes
        self._thread = threading.Thread(target=self.daemon.run, name="daemon under test")
        self._thread.start()

    def wait_for(self, condition: Callable[[], Any]) -> None:
        """See `Changes.wait_for`; fails when the daemon ends."""
        self._changes.wait_for(condition, lambda: self.daemon.failure)

    def status(self) -> Document:
        return self.daemon.commands.status()

    def drained(self) -> bool:
        return self.daemon.drained()

    def push(self, org: ServedOrg, batch: Batch) -> int:
        """As a source would that is pushed to; returns the rows once they are committed."""
        return self.daemon.node.shards[org.name].ingest.push(f"{org.name}/pushed", batch)

    def stop(self) -> None:
        self.daemon.stop.set()
        self._thread.join()


@contextmanager
def running(
    settings: Document | SettingsFiles, changes: Changes, clock: Callable[[], datetime]
) -> Iterator[ObservedDaemon]:
    """A daemon while inside; `settings`: see `ObservedDaemon`. It takes no signals, which belong to the main thread, where the test is, and notifies no systemd:
    the library leaves a socket open where there is none.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sdnotify.SystemdNotifier", lambda: SimpleNamespace(notify=lambda _: None))
        patch.setattr("agent.daemon.daemon.signals", lambda *_: nullcontext())
        observed = ObservedDaemon(settings, changes, clock)
        try:
            yield observed
        finally:
            observed.stop()


def by_kind(documents: list[Document], org: ServedOrg) -> dict[str, list[Document]]:
    """Of one org: its log rows (`event`), alerts (`alert`), Leakline's events about it (`own`)."""
    kinds: dict[str, list[Document]] = {}
    for document in documents:
        if document.get("organization", {}).get("id") == org.id:
            kind, dataset = document["event"]["kind"], document["event"]["dataset"]
            own = kind == "event" and dataset.startswith("leakline.")
            kinds.setdefault("own" if own else kind, []).append(document)
    return kinds


def read_counts(status: Document, org: ServedOrg) -> dict[str, int]:
    """Of the org's log files: rows by what became of them (`read`, `duplicate`, `malformed`, `spooled`)."""
    sums = dict.fromkeys(("read", "duplicate", "malformed", "spooled"), 0)
    for counts in status["read"]:
        if counts["source"] == org.source:
            sums = {name: value + counts[name] for name, value in sums.items()}
    return sums
