"""Incidents of two orgs in a real state, and their requests over a real control socket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.daemon.control.client import ask
from agent.daemon.control.server import ControlServer
from agent.daemon.incidents.incident_access import desk_alone
from agent.daemon.incidents.incident_requests import PREFIX, IncidentRequests
from agent.notice.clock import CLOCKS, TIMER, Clock, encode
from agent.notice.incidents.book import RECKON
from agent.notice.incidents.incident import Incident
from agent.notice.settings import NoticeSettings
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.shards import open_shards
from agent.trail.shard_trail import ShardTrail
from tests.notice.incidents.made_incident import NOW

ORGS = ("acme", "globex")
SETTINGS = NoticeSettings(zone="Europe/Berlin", jurisdictions=["eu"])


class IncidentState:
    """`requests` are made as the daemon makes them."""

    def __init__(self, folder: Path, settings: NoticeSettings | None = SETTINGS) -> None:
        self.now = NOW
        self.directory = StateDirectory(folder / "state")
        self.stores = open_shards(self.directory, ORGS, self.time)
        self.desks = {name: desk_alone(stores, settings, self.time) for name, stores in self.stores.items()}
        self.soon = 0
        self.socket = folder / "control.sock"
        requests = IncidentRequests(lambda: self.desks, self.time, soon=self.count_soon)
        self.server = ControlServer(self.socket, requests.commands())

    def time(self) -> datetime:
        return self.now

    def count_soon(self) -> None:
        self.soon += 1

    def ask(self, request: str, **arguments: Any) -> dict[str, Any]:
        """In the name of eva, where somebody has to be named."""
        who: dict[str, Any] = {} if request in ("list", "show") else {"by": "eva"}
        answer: dict[str, Any] = ask(self.socket, PREFIX + request, **who, **arguments)
        return answer

    def add(self, incident: Incident, org: str = "acme") -> str:
        with self.desks[org].changing() as change:
            return change.put(None, incident, "incident-opened", "opened", by="leakline", data={}).id

    def reckon(self, number: str, clocks: Sequence[Clock], org: str = "acme") -> None:
        """As the loop of the clocks does."""
        with self.desks[org].changing() as change:
            dues = [clock.next_due for clock in clocks if clock.next_due is not None]
            timers = {f"{TIMER}{int(due.timestamp() * 1000):016d}/{number}": b"" for due in dues}
            change.apply({CLOCKS + number: encode(clocks), RECKON + number: None, **timers})

    def records(self, org: str = "acme") -> list[bytes]:
        return list(ShardTrail(self.stores[org].state).lines())

    def stored(self) -> dict[str, bytes | None]:
        """All that answers alerts, of all shards."""
        return {
            f"{name} {key}": stores.state.data(key)
            for name, stores in self.stores.items()
            for family in (keys.RESPONSE, keys.TRAIL, keys.OUTBOX)
            for key in stores.state.keys(family.prefix)
        }

    def close(self) -> None:
        self.server.close()
        self.directory.close()


@contextmanager
def opened(folder: Path, settings: NoticeSettings | None = SETTINGS) -> Iterator[IncidentState]:
    state = IncidentState(folder, settings)
    try:
        yield state
    finally:
        state.close()
