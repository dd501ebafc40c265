"""Who is on call, in a real state, and the requests over a real control socket."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.daemon.control.client import ask
from agent.daemon.control.server import ControlServer
from agent.daemon.incidents.incident_access import desk_alone
from agent.daemon.on_call.maintenance_end import end_outdated
from agent.daemon.on_call.on_call_parts import build_roster
from agent.daemon.on_call.on_call_requests import PREFIX, OnCallRequests
from agent.notice.settings import NoticeSettings
from agent.store.directory.state_directory import StateDirectory
from agent.store.keys import PROCESS
from agent.store.queue.shards import open_shards
from agent.trail.record import TrailRecord, read
from agent.trail.shard_trail import ShardTrail

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)

NOTICE: dict[str, Any] = {
    "channels": [{"name": "mail", "type": "smtp", "host": "smtp.example.com", "from": "leakline@example.com"}],
    "people": [{"name": name, "channels": ["mail"]} for name in ("ana", "ben", "cem")],
    "on_call": {
        "rotations": [
            {"name": "primary", "people": ["ana", "ben"], "every": "7d", "handover": "Mon 09:00 Europe/Berlin"},
            {
                "name": "office",
                "people": ["cem"],
                "every": "7d",
                "handover": "Mon 09:00 Europe/Berlin",
                "hours": ["Mon-Fri 08:00-18:00"],
            },
        ]
    },
}


class OnCallState:
    """`ask` makes requests as commands do of a daemon."""

    def __init__(self, folder: Path, notice: dict[str, Any] | None = None) -> None:
        self.now = NOW
        settings = NoticeSettings.model_validate(notice or NOTICE)
        self.directory = StateDirectory(folder / "state")
        self.stores = open_shards(self.directory, (), lambda: self.now)[PROCESS]
        self.desk = desk_alone(self.stores, settings, lambda: self.now)
        self.roster = build_roster(settings, self.desk.recall, self.changes, self.stores.problems, lambda work: work())
        self.socket = folder / "control.sock"
        requests = OnCallRequests(lambda: self.desk, self.roster, lambda: self.now)
        self.server = ControlServer(self.socket, requests.commands())

    def changes(self) -> int:
        """As the book counts them; here each change is a record of the trail."""
        return len(self.records())

    def ask(self, request: str, **arguments: Any) -> dict[str, Any]:
        """In the name of eva, where somebody has to be named."""
        who: dict[str, Any] = {} if request == "show" else {"by": "eva"}
        answer: dict[str, Any] = ask(self.socket, PREFIX + request, **who, **arguments)
        return answer

    def tick(self) -> bool:
        return end_outdated(self.desk, lambda: self.now)

    def on_call(self, word: str = "on_call:primary") -> list[str]:
        return [person.name for person in self.roster.people([word], self.now)]

    def records(self) -> list[TrailRecord]:
        return [read(line) for line in ShardTrail(self.stores.state).lines()]

    def events(self) -> list[dict[str, Any]]:
        return [row for batch in self.stores.problems.events() for row in batch.frame.iter_rows(named=True)]

    def close(self) -> None:
        self.server.close()
        self.directory.close()


@contextmanager
def opened(folder: Path, notice: dict[str, Any] | None = None) -> Iterator[OnCallState]:
    state = OnCallState(folder, notice)
    try:
        yield state
    finally:
        state.close()
