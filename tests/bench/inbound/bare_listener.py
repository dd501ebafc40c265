"""The listener alone: it reads and checks every request and answers at once, without a commit. What is beneath the daemon's figures.

`python -m tests.bench.inbound.bare_listener SETTINGS` says its port and serves until its standard input ends.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import structlog

from agent.config.settings_files import load
from agent.network.doorway import Doorway
from agent.network.lasting_connection import ConnectionBounds
from agent.network.listener import Listener
from agent.sources.inbound.report import InboundRequest
from agent.sources.inbound.serving.application import InboundApplication
from agent.sources.inbound.serving.senders import Senders
from agent.sources.inbound.source import InboundReports


class ForgetfulSource:
    """Takes everything and keeps nothing."""

    def submit(self, request: InboundRequest) -> Future[None]:
        taken: Future[None] = Future()
        taken.set_result(None)
        return taken


@contextmanager
def bare_listener(settings: Path) -> Iterator[tuple[int, int]]:
    """In a process of its own: its id and its port."""
    command = [sys.executable, "-m", __name__, str(settings)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.pid, int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def _serve(settings: Path) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is for the port
    inbound: Any = load(settings).inbound
    senders = Senders(inbound.senders)
    senders.read_secrets()
    source = cast("InboundReports", ForgetfulSource())
    application = InboundApplication(
        senders, lambda _: source, max_bytes=inbound.max_bytes, description=b"{}", now=lambda: datetime.now(UTC)
    )
    listener = Listener("bare", application, "127.0.0.1", 0, doorway=Doorway(ConnectionBounds(), None))
    listener.open()
    print(listener.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
