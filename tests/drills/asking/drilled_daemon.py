"""A daemon whose drills, deliveries and clocks run in threads; its org is never asked for anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from agent.config.settings import parse
from agent.daemon.clock import utc_now
from agent.daemon.daemon import Daemon
from agent.daemon.drills.drill_record import DrillRecord
from agent.store.keys import PROCESS

PATIENCE = 120.0
"""Seconds until a test gives up."""


class DrilledDaemon:
    """`ask` asks as the control socket does."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = utc_now, **settings: Any) -> None:
        self.out = folder / "out"
        (folder / "secret").write_text("x")
        auth = {"type": "client_credentials", "client_id": "x", "client_secret": {"file": str(folder / "secret")}}
        document = {
            "orgs": [{"name": "acme", "url": "https://localhost:1", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(self.out)}],
            "state": {"directory": str(folder / "state")},
            "notice": {"zone": "Europe/Berlin", "jurisdictions": ["eu"], "clocks_from": "medium"},
            **settings,
        }
        self.daemon = Daemon(parse(document), now=now)
        self._requests = {command.name: command for command in self.daemon.commands.table()}
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        daemon = self.daemon
        self._threads = daemon.start_forwarding()
        for run in [*daemon.notice.loops.values(), daemon.drills.runner.run]:
            self._threads.append(threading.Thread(target=run))
            self._threads[-1].start()

    def ask(self, name: str, **arguments: Any) -> Any:
        return self._requests[name].run(**arguments)

    def drill(self, number: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("drill_show", number=number)
        return found

    def run(self, scenario: str, **arguments: Any) -> str:
        number: str = self.ask("drill_run", scenario=scenario, by="eva", **arguments)["id"]
        return number

    def ended(self, number: str) -> dict[str, Any]:
        """Once it has."""
        self.wait(lambda: self.drill(number)["ended_at"] is not None)
        return self.drill(number)

    def leave(self, scenario: str) -> str:
        """A drill that waits since before the start; its number."""
        return DrillRecord(lambda: self.daemon.node.shards[PROCESS].desk).ask(scenario, "eva", 1.0).id

    def events(self) -> list[dict[str, Any]]:
        """All that was delivered, once all is."""
        self.wait(lambda: self.daemon.drained())
        return [orjson.loads(line) for path in self.out.glob("*.ndjson") for line in path.read_bytes().splitlines()]

    def wait(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < until
            assert not self.daemon.failure
            time.sleep(0.05)

    def stop(self) -> None:
        self.daemon.stop.set()
        with self.daemon.node.grown:
            self.daemon.node.grown.notify_all()
        for thread in self._threads:
            thread.join(PATIENCE)
        self.daemon.close()


@contextmanager
def drilled(folder: Path, left: str = "", **settings: Any) -> Iterator[DrilledDaemon]:
    """`left`: a scenario of a drill that waits since before the start."""
    daemon = DrilledDaemon(folder, **settings)
    if left:
        daemon.leave(left)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()
