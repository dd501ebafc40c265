"""A real state with a change desk, people with roles, and a clock that is moved."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from agent.changes import book
from agent.changes.change import SettingsChange
from agent.config.governed import governed_document
from agent.config.settings import Settings, parse
from agent.daemon.changes.change_desk import ChangeDesk
from agent.daemon.changes.proposal import Proposal
from agent.daemon.changes.settings_record import record_settings
from agent.daemon.incidents.incident_access import desk_alone
from agent.permissions.principal import Principal
from agent.permissions.roles import Role
from agent.store.directory.state_directory import StateDirectory
from agent.store.keys import PROCESS
from agent.store.queue.shards import open_shards
from agent.trail.shard_trail import ShardTrail
from tests.notice.incidents.made_incident import NOW

DOCUMENT: dict[str, Any] = {
    "orgs": [
        {
            "name": "acme",
            "url": "https://acme.example.com",
            "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"env": "SECRET"}},
        }
    ],
    "destinations": [{"type": "file", "name": "siem", "directory": "/var/log/siem"}],
    "notice": {
        "zone": "Europe/Berlin",
        "jurisdictions": ["eu"],
        "people": [{"name": "ana", "channels": ["mail", "hook"]}, {"name": "ben", "channels": ["mail"]}],
        "channels": [
            {"name": "mail", "type": "smtp", "host": "smtp.example.com", "from": "leakline@example.com"},
            {"name": "hook", "type": "webhook", "url": "https://hook.example.com", "secret": {"env": "HOOK"}},
        ],
    },
    "permissions": {"groups": {"admins": "admin", "dpo": "privacy", "board": "approver"}},
}

PEOPLE: dict[str, frozenset[Role]] = {
    "adam": frozenset({"admin"}),
    "alma": frozenset({"admin", "approver"}),
    "paul": frozenset({"privacy"}),
    "pia": frozenset({"privacy"}),
    "olaf": frozenset({"approver"}),
    "rosa": frozenset({"responder"}),
}


def weaker(document: dict[str, Any]) -> None:
    """A person less is notified."""
    document["notice"]["people"].pop()


def stricter(document: dict[str, Any]) -> None:
    """A law more binds."""
    document["notice"]["jurisdictions"].append("uk")


class ChangeState:
    """`settings` are those in force: restarts are counted, and taken by `restart`."""

    def __init__(self, folder: Path, document: dict[str, Any] | None = None) -> None:
        self.now = NOW
        self.people = dict(PEOPLE)
        self.file = copy.deepcopy(document or DOCUMENT)
        self.settings = parse(self.file)
        self.directory = StateDirectory(folder / "state")
        self.stores = open_shards(self.directory, (), lambda: self.now)[PROCESS]
        self.restarts: list[str] = []
        self.members = {"paul": "dpo", "pia": "dpo", "olaf": "board"}
        self.floor: Callable[[Settings], None] = lambda _: None
        self.desk_alone = desk_alone(self.stores, None, lambda: self.now)
        self.desk = ChangeDesk(
            lambda: self.desk_alone,
            lambda: self.settings,
            self.roles_of,
            lambda settings: self.floor(settings),
            lambda: self.now,
            self.restarts.append,
            lambda: None,
            lambda groups: {name for name, group in self.members.items() if group in groups},
        )
        record_settings(self.desk_alone, self.settings)

    def close(self) -> None:
        self.directory.close()

    def roles_of(self, name: str) -> Collection[Role]:
        return self.people.get(name, frozenset())

    def principal(self, name: str) -> Principal:
        return Principal(name, frozenset(self.roles_of(name)), 1000)

    def restart(self) -> None:
        """As the daemon does: the settings in force are built from anew."""
        from agent.config.approved_settings import settings_in_force

        self.settings = settings_in_force(parse(self.file), self.desk_alone.recall)
        record_settings(self.desk_alone, self.settings)

    def document(self, *edits: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """The governed settings in force, edited."""
        document: dict[str, Any] = orjson.loads(orjson.dumps(governed_document(self.settings)))
        for edit in edits:
            edit(document)
        return document

    def propose(
        self, by: str, *edits: Callable[[dict[str, Any]], None], lasts: timedelta | None = None, way: Any = "votes"
    ) -> SettingsChange:
        proposal = Proposal(self.document(*edits), "because", "T-1", lasts, way)
        return self.desk.propose(self.principal(by), proposal)

    def vote(self, by: str, change: SettingsChange, *, approves: bool = True) -> SettingsChange:
        return self.desk.vote(self.principal(by), change.number, change.outcome, approves=approves)

    @property
    def in_force(self) -> str:
        known = book.in_force(self.desk_alone.recall)
        return known.sha256 if known is not None else ""

    def records(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in ShardTrail(self.stores.state).lines()]

    def recorded(self) -> list[str]:
        """The types of the records, in their order."""
        return [str(record["type"]) for record in self.records()]
