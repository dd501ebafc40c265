"""What is acknowledged in PagerDuty is acknowledged here, and the other way round: once each, over restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.daemon.sending.read_back import PagerDutyLoop
from agent.daemon.sending.read_back_loops import read_back_loops
from agent.notice.arrangements.channels import PagerDutySettings
from agent.notice.arrangements.policies import PolicySettings
from agent.notice.escalation.escalation import ESCALATION, Escalation, encode
from agent.notice.incidents.incident import Incident, decode
from agent.notice.sending.exchanged import became_known, forget, known_there
from agent.notice.settings import NoticeSettings
from tests.daemon.incidents.incident_state import IncidentState, opened
from tests.destinations.http_server import HttpServer, ReceivedRequest, Reply

NUMBER = "inc-0123456789ab"


class Account:
    """PagerDuty, with who has acknowledged there."""

    def __init__(self) -> None:
        self.people: list[dict[str, Any]] = []
        self.server = HttpServer(self.answer)

    def answer(self, request: ReceivedRequest) -> Reply:
        if request.method == "POST":
            return Reply.json(202, {"status": "success", "message": "Event processed", "dedup_key": NUMBER})
        return Reply.json(200, {"incidents": [{"status": "acknowledged", "acknowledgements": self.people}]})

    def acknowledge(self, name: str, at: str) -> None:
        self.people.append({"at": at, "acknowledger": {"type": "user_reference", "summary": name}})

    @property
    def events(self) -> list[str]:
        posted = [orjson.loads(request.body) for request in self.server.requests if request.method == "POST"]
        return [event["event_action"] for event in posted]


@pytest.fixture
def account() -> Iterator[Account]:
    found = Account()
    yield found
    found.server.stop()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[IncidentState]:
    """With an incident that waits, of which PagerDuty has a message."""
    with opened(tmp_path) as found:
        now = found.now
        found.add(Incident(NUMBER, "00D", "live", "triage", "high", "Rows", now, now, now, now))
        with found.desks["acme"].changing() as change:
            became_known(change, "pd", NUMBER)
        yield found


def loop(state: IncidentState, account: Account, folder: Path) -> PagerDutyLoop:
    for name in ("key", "token"):
        (folder / name).write_text(f"{name}-0123456789abcdef")
    document = {
        "name": "pd", "type": "pagerduty", "routing_key": {"file": str(folder / "key")},
        "api_token": {"file": str(folder / "token")}, "url": account.server.url, "api_url": account.server.url,
    }  # fmt: skip
    notice = NoticeSettings(channels=[PagerDutySettings.model_validate(document)])
    acknowledge = lambda number, by: state.ask("acknowledge", number=number) if by == "eva (PagerDuty)" else None  # noqa: E731
    (made,) = read_back_loops(notice, lambda: state.desks, acknowledge, threading.Event()).values()
    return made


def incident(state: IncidentState) -> Incident:
    data = state.desks["acme"].recall(f"incident/{NUMBER}")
    assert data is not None
    return decode(data)


def test_an_acknowledgement_there_counts_here(state: IncidentState, account: Account, tmp_path: Path) -> None:
    """From the next look on; nothing before anybody has acknowledged."""
    made = loop(state, account, tmp_path)
    assert made.turn() == 0 and not incident(state).is_acknowledged
    account.acknowledge("eva", "2026-07-01T10:00:00Z")
    assert made.turn() == 1 and incident(state).acknowledged_by == "eva"
    assert made.turn() == 0 and account.events == []


def test_it_is_taken_once(state: IncidentState, account: Account, tmp_path: Path) -> None:
    """Where the incident waits again, the old word does not hold, after a restart neither; a new one does."""
    account.acknowledge("eva", "2026-07-01T10:00:00Z")
    assert loop(state, account, tmp_path).turn() == 1
    before = incident(state)
    with state.desks["acme"].changing() as change:
        change.keep(before, replace(before, acknowledged_by="", acknowledged_at=None))
    assert loop(state, account, tmp_path).turn() == 0
    account.people.clear()
    account.acknowledge("eva", "2026-07-01T15:00:00Z")
    assert loop(state, account, tmp_path).turn() == 1


def test_an_acknowledgement_here_is_said_there_once(state: IncidentState, account: Account, tmp_path: Path) -> None:
    """And the end of the incident too; a restart repeats neither."""
    state.ask("acknowledge", number=NUMBER)
    for _ in range(2):
        loop(state, account, tmp_path).turn()
    assert account.events == ["acknowledge"]
    before = incident(state)
    with state.desks["acme"].changing() as change:
        change.keep(before, replace(before, state="closed"))
    for _ in range(2):
        loop(state, account, tmp_path).turn()
    assert account.events == ["acknowledge", "resolve"]


def test_a_service_that_fails_ends_nothing(state: IncidentState, account: Account, tmp_path: Path) -> None:
    """It is asked again at the next look."""
    made = loop(state, account, tmp_path)
    account.server.script.append(Reply(500))
    account.acknowledge("eva", "2026-07-01T10:00:00Z")
    assert made.turn() == 0
    assert made.turn() == 1


def test_nothing_is_kept_of_what_has_ended(state: IncidentState, account: Account, tmp_path: Path) -> None:
    """And an incident that is opened again, of which a message was accepted again, is asked for again."""
    recall, made = state.desks["acme"].recall, loop(state, account, tmp_path)
    before = incident(state)
    with state.desks["acme"].changing() as change:
        change.keep(before, replace(before, state="closed"))
    made.turn()
    assert account.events == ["resolve"] and list(known_there(recall, "pd")) == []
    account.acknowledge("eva", "2026-07-01T15:00:00Z")
    with state.desks["acme"].changing() as change:
        change.keep(incident(state), before)
        became_known(change, "pd", NUMBER)
    assert made.turn() == 1 and incident(state).acknowledged_by == "eva"


def test_incidents_of_an_earlier_version_are_asked_for(state: IncidentState, account: Account, tmp_path: Path) -> None:
    """It noted of its messages only what they were answered: open incidents that people were told of count."""
    policy = PolicySettings.model_validate({"name": "default", "steps": [{"notify": ["everyone"]}]})
    with state.desks["acme"].changing() as change:
        forget(change, "pd", NUMBER)
        kept = Escalation(NUMBER, policy, "high", "firing", state.now)
        change.apply({ESCALATION + NUMBER: encode(kept)})
    account.acknowledge("eva", "2026-07-01T10:00:00Z")
    assert loop(state, account, tmp_path).turn() == 1
