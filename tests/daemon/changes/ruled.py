"""A real node over a folder of rules, with people who vote, and restarts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from agent.assembly.node import Node, build_node
from agent.assembly.shard import StopEvent
from agent.changes.change import SettingsChange
from agent.config.settings import parse
from agent.daemon.changes.change_desk import ChangeDesk
from agent.daemon.changes.change_writer import ChangeWriter
from agent.daemon.changes.rule_watch import KIND, RuleWatch
from agent.daemon.changes.settings_record import record_settings
from agent.model import Batch
from agent.permissions.principal import Principal
from agent.permissions.roles import Role
from agent.store.keys import PROCESS
from tests.daemon.changes.change_state import DOCUMENT, PEOPLE

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

IDS = {name: f"0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f00{place}" for place, name in enumerate(("first", "second", "third"))}
RULE = """title: {name}
id: {id}
name: {name}
level: {level}
status: test
logsource: {{product: salesforce, service: event_log_file}}
detection: {{sel: {{EVENT_TYPE: Login, USER_NAME: {user}}}, condition: {condition}}}
"""
BURST = """title: burst
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f0cc
name: burst
correlation: {type: event_count, rules: [first], group-by: [CLIENT_IP], timespan: 1h, condition: {gte: 2}}
"""
FILTER = """title: quiet
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f0ff
logsource: {product: salesforce, service: event_log_file}
filter: {rules: [first], sel: {USER_NAME: ann}, condition: not sel}
"""


def rule(name: str, user: str = "ann", level: str = "high", condition: str = "sel") -> str:
    return RULE.format(name=name, id=IDS[name], user=user, level=level, condition=condition)


class RuledNode:
    """With permissions unless told otherwise."""

    def __init__(self, folder: Path, *, has_permissions: bool = True) -> None:
        self.rules = folder / "rules"
        self.rules.mkdir()
        (folder / "secret").write_text("of an org that nobody asks")
        auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"file": str(folder / "secret")}}
        document: dict[str, Any] = {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "state": {"directory": str(folder / "state")},
            "rules": {"folders": [str(self.rules)], "shipped": False},
        }
        self._settings = parse(document | ({"permissions": DOCUMENT["permissions"]} if has_permissions else {}))
        self.restarts: list[str] = []
        self.node: Node

    def start(self) -> None:
        self.node = build_node(self._settings, now=lambda: NOW, stop=StopEvent())
        process = self.node.shards[PROCESS]
        record_settings(process.desk, self.node.settings)
        self.desk = ChangeDesk(
            lambda: process.desk,
            lambda: self.node.settings,
            self._roles,
            lambda _: None,
            lambda: NOW,
            self.restarts.append,
            lambda: None,
        )
        self.watch = RuleWatch(
            lambda: process.desk,
            lambda: self.node.processing.rule_stand,
            process.stores.problems,
            ChangeWriter(self._roles, self.restarts.append),
        )
        self.watch.look()

    def close(self) -> None:
        self.node.close()

    def restart(self) -> None:
        self.close()
        self.start()

    def reload(self) -> None:
        self.node.reload()
        self.watch.look()

    def write(self, name: str, text: str) -> None:
        (self.rules / name).write_text(text)

    def alerting(self, user: str) -> set[tuple[str, str]]:
        """Name and level of the alerts of two logins."""
        row = {"EVENT_TYPE": "Login", "USER_NAME": user, "CLIENT_IP": "192.0.2.1", "SOURCE_IP": "192.0.2.1"}
        row |= {"TIMESTAMP": "20260701110000.000", "TIMESTAMP_DERIVED": "2026-07-01T11:00:00.000Z"}
        frame = pl.DataFrame([{**row, "event.id": name * 32} for name in "ab"])
        steps = self.node.shards["acme"].steps(self.node.processing)
        batch = Batch("00D000000000001AAA", "event_log_file", "Login", frame)
        prepared = steps.prepare(batch)
        found = steps.detect(batch, prepared, steps.match(batch, prepared), NOW).alerts
        levels = {rule.name: rule.level for rule in self.node.processing.rules.all_rules}
        names = set(found["rule.name"]) if found.height else set()
        return {(name, levels[name]) for name in names}

    def problem(self) -> str:
        """What is said of rules that differ; empty where none do."""
        return next((found.message for found in self.node.own_problems.open() if found.kind == KIND), "")

    def vote(self, by: str, change: SettingsChange, *, approves: bool = True) -> SettingsChange:
        caller = Principal(by, frozenset(self._roles(by)), 1000)
        return self.desk.vote(caller, change.number, change.outcome, approves=approves)

    def _roles(self, name: str) -> Collection[Role]:
        return PEOPLE.get(name, frozenset())
