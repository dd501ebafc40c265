"""Notices of incidents in a real state, asked for as the daemon asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from agent.assembly.trail_record import recorder
from agent.daemon.control.command import table_of
from agent.daemon.incidents.incident_requests import IncidentRequests
from agent.daemon.notices.notice_requests import NoticeRequests
from agent.notice.clock import CLOCKS, Clock, decode
from agent.notice.clocks.lateness import Lateness
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.clocks.timers import ShardClocks
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings
from agent.store import keys
from agent.store.directory.state_directory import StateDirectory
from agent.store.queue.shards import open_shards
from agent.store.state import StateRecall
from agent.trail.shard_trail import ShardTrail
from tests.notice.incidents.made_incident import NOW, alert, incident

ORGANISATION = {"name": "Example Ltd", "contact": "Privacy office", "contact_email": "privacy@example.com"}
SETTINGS = NoticeSettings.model_validate(
    {
        "zone": "Europe/Berlin",
        "jurisdictions": ["eu"],
        "sectors": ["essential_entity"],
        "contracts": [{"name": "big", "anchor": "aware", "hours": 24, "recipient": "Big Inc"}],
        "organisation": ORGANISATION,
    }
)
SA = "eu-gdpr-33/sa"
ORG = "acme"


class NoticeState:
    """Of one org, with one incident of level high."""

    def __init__(self, folder: Path, settings: NoticeSettings = SETTINGS) -> None:
        self.now = NOW
        self.directory = StateDirectory(folder / "state")
        self.stores = open_shards(self.directory, [ORG], self.time)
        state, problems = self.stores[ORG].state, self.stores[ORG].problems
        book = IncidentBook(StateRecall(state, keys.RESPONSE.prefix))
        self.desk = IncidentDesk(state, problems, book, nullcontext, recorder(state), settings, self.time)
        desks = {ORG: self.desk}
        self.commands = [
            *IncidentRequests(lambda: desks, self.time).commands(),
            *NoticeRequests(IncidentRequests(lambda: desks, self.time).edits, self.time).commands(),
        ]
        self._table = table_of(self.commands)
        basis = CurrentBasis.of(settings, shipped())
        self._clocks = ShardClocks(self.desk, book, Lateness(self.now), lambda: basis)

    @property
    def number(self) -> str:
        (key,) = self.desk.recall.keys("incident/")
        return key.removeprefix("incident/")

    def open(self) -> str:
        """Aware since an hour."""
        with self.desk.changing() as change:
            number = change.put(
                None, incident(alert(0), alert(1, rule="login")), "incident-opened", "opened", by="leakline", data={}
            ).id
        self.incidents("anchor", anchors=["aware=2026-11-27T11:00Z"], basis="the team is sure")
        self.look()
        return number

    def time(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)

    def incidents(self, request: str, **arguments: Any) -> dict[str, Any]:
        return self._ask(f"incidents_{request}", number=self.number, by="eva", **arguments)

    def ask(self, request: str, obligation: str = SA, by: str = "eva", **arguments: Any) -> dict[str, Any]:
        who = {} if request == "show" else {"by": by}
        return self._ask(f"notices_{request}", number=self.number, obligation=obligation, **who, **arguments)

    def rows(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.answer_of_list()["notices"]
        return found

    def answer_of_list(self) -> dict[str, Any]:
        return self._ask("notices_list")

    def look(self) -> None:
        """As the loop of clocks does, until nothing is due."""
        for _ in range(5):
            if self._clocks.is_due(self.now):
                self._clocks.turn(self.now)

    def clocks(self) -> dict[str, Clock]:
        return {clock.id: clock for clock in decode(self.desk.recall(CLOCKS + self.number))}

    def records(self, *types: str) -> Sequence[dict[str, Any]]:
        lines = [orjson.loads(line) for line in ShardTrail(self.stores[ORG].state).lines()]
        return [line for line in lines if line["type"] in types]

    def events(self, *actions: str) -> list[dict[str, Any]]:
        state = self.stores[ORG].state
        found = [orjson.loads(state.data(key) or b"{}") for key in state.keys(keys.OUTBOX.prefix)]
        return [event for event in found if event["action"] in actions]

    def stored(self) -> dict[str, object]:
        state = self.stores[ORG].state
        return {key: state.get(key) for key in state.keys("") if "attempt" not in key}

    def close(self) -> None:
        self.directory.close()

    def request(self, request: str, **arguments: Any) -> dict[str, Any]:
        """Of any incident."""
        return self._ask(request, **arguments)

    def _ask(self, request: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self._table[request].run(**arguments)
        return orjson.loads(orjson.dumps(answer))  # type: ignore[no-any-return]


@contextmanager
def opened(folder: Path) -> Iterator[NoticeState]:
    state = NoticeState(folder)
    try:
        state.open()
        yield state
    finally:
        state.close()
