"""A daemon's parts in this process, over rules and lists that a test breaks and reloads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from agent.assembly.node import Node, build_node
from agent.assembly.shard import StopEvent
from agent.config.settings import parse
from agent.model import Batch

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
KIND = "file-not-loaded"
BROKEN = "title: ["

RULE = """title: {name}
id: {id}
name: {name}
logsource: {{product: salesforce, service: event_log_file}}
detection: {{sel: {{EVENT_TYPE: Login, USER_NAME: {user}}}, condition: sel}}
"""
BURST = """title: burst
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f0cc
name: burst
correlation: {type: event_count, rules: [first], group-by: [CLIENT_IP], timespan: 1h, condition: {gte: 2}}
"""
IDS = {name: f"0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f00{place}" for place, name in enumerate(("first", "second", "third"))}


def rule(name: str, user: str = "ann") -> str:
    return RULE.format(name=name, id=IDS[name], user=user)


class LocalDaemon:
    """A daemon's parts in this process, over a folder of rules and lists."""

    def __init__(self, folder: Path, keys: dict[str, Any] | None = None) -> None:
        self.rules = folder / "rules"
        self.rules.mkdir(exist_ok=True)
        self.folder = folder
        (folder / "secret").write_text("of an org that nobody asks")
        auth = {"type": "client_credentials", "client_id": "none", "client_secret": {"file": str(folder / "secret")}}
        document = {
            "orgs": [{"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(folder / "out")}],
            "state": {"directory": str(folder / "state")},
            "rules": {"folders": [str(self.rules)], "shipped": False},
        }
        self._settings = parse(document | (keys or {}))
        self._node: Node | None = None

    @property
    def node(self) -> Node:
        if self._node is None:
            self._node = build_node(self._settings, now=lambda: NOW, stop=StopEvent())
        return self._node

    def close(self) -> None:
        self.node.close()
        self._node = None

    def write(self, name: str, text: str) -> Path:
        path = self.rules / name
        path.write_text(text)
        return path

    def problems(self) -> dict[str, str]:
        """Name of the file to what is said of it."""
        return {Path(p.subject).name: p.message for p in self.node.own_problems.open() if p.kind == KIND}

    def told(self) -> list[str]:
        """What waits to be sent to destinations, which sends it."""
        batches = list(self.node.own_problems.events())
        for batch in batches:
            self.node.shards[""].ingest.take("agent", batch)
        return [action for batch in batches for action in batch.frame["event.action"]]

    def alerting(self, user: str, ip: str = "192.0.2.1", **columns: str) -> set[str]:
        """Names of the rules that match a login, by nobody that they saw before."""
        row = {"EVENT_TYPE": "Login", "USER_NAME": user, "CLIENT_IP": ip, "SOURCE_IP": ip, **columns}
        row |= {"TIMESTAMP": "20260701110000.000", "TIMESTAMP_DERIVED": "2026-07-01T11:00:00.000Z"}
        frame = pl.DataFrame([{**row, "event.id": "a" * 32}])
        steps = self.node.shards["acme"].steps(self.node.processing)
        batch = Batch("00D000000000001AAA", "event_log_file", "Login", frame)
        prepared = steps.prepare(batch)
        found = steps.detect(batch, prepared, steps.match(batch, prepared), NOW).alerts
        return set(found["rule.name"]) if found.height else set()
