"""A daemon's own parts with one org and rules of the test's, which writes what it tells as ECS documents and as CEF lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from agent.assembly.shard import Shard
from agent.config.settings import parse
from agent.daemon.daemon import Daemon
from agent.notice.incidents.incident import Incident, decode
from agent.own_event import EventValue, own_event

NOW = datetime(2026, 7, 1, 10, 5, 7, 89_000, tzinfo=UTC)
ORG = "00DHs00000syWDpMAM"
LEAK = "source-failed"
"""`event.action` of what `RULE` looks at."""

RULE = f"""
title: Rows were taken out
id: 6f1a8b52-0c8e-5c7a-9a11-60a3d1b7c001
name: rows_taken_out
status: test
logsource: {{product: leakline, service: agent}}
detection:
  taken: {{event.action: {LEAK}}}
  condition: taken
level: high
"""


class ToldIncidents:
    """Loops are run by hand, and the clock is moved by the test."""

    def __init__(self, folder: Path, *rules: str) -> None:
        self.folder = folder
        self.now = NOW
        (folder / "rules").mkdir()
        for number, rule in enumerate((RULE, *rules)):
            (folder / "rules" / f"rule_{number}.yml").write_text(rule)
        (folder / "secret").write_text("a secret that nobody asks for")
        org = {
            "name": "acme",
            "url": "https://acme.example",
            "auth": {"type": "client_credentials", "client_id": "x", "client_secret": {"file": str(folder / "secret")}},
            "sources": [{"type": "event_log_file"}],
        }
        forms = [("ecs", "documents"), ("cef", "lines")]
        self.daemon = Daemon(
            parse(
                {
                    "orgs": [org],
                    "destinations": [
                        {"type": "file", "name": name, "directory": str(folder / name), "format": form}
                        for form, name in forms
                    ],
                    "state": {"directory": str(folder / "state")},
                    "rules": {"shipped": False, "folders": [str(folder / "rules")]},
                    "notice": {"zone": "Europe/Berlin", "jurisdictions": ["eu"]},
                }
            ),
            now=lambda: self.now,
        )

    @property
    def shard(self) -> Shard:
        return self.daemon.node.shards["acme"]

    def leak(self, **fields: EventValue) -> None:
        """Something that `RULE` raises an alert about."""
        said = {"user.id": "005Hs000003T6krIAC", "user.name": "mallory@acme.example", **fields}
        self.shard.ingest.take("agent", own_event(ORG, LEAK, "made by a test", self.now, fields=said))

    def incidents(self) -> list[Incident]:
        recall = self.shard.desk.recall
        return [decode(recall(key) or b"") for key in recall.keys("incident/")]

    def tell(
        self, incident: Incident, action: str, by: str = "leakline", further: Mapping[str, EventValue] | None = None
    ) -> None:
        """Somebody changes it; the event waits in the outbox."""
        with self.shard.desk.changing() as change:
            before = change.incident(incident.id)
            assert before is not None
            change.put(before, before, action, f"{action} of {incident.id}", by=by, data={}, further=further)

    def settle(self) -> None:
        """Take what waits in outboxes, until nothing does, and deliver everything."""
        for _ in range(20):
            self.daemon.readings.send_problem_events()
            if not self.shard.stores.problems.has_events():
                break
        else:
            raise AssertionError("events make events without end")
        for forward in self.daemon.forwards:
            while forward.forward():
                pass

    def documents(self, dataset: str = "leakline.incident") -> list[dict[str, Any]]:
        """What was delivered as ECS of a data set."""
        lines = (self.folder / "documents" / "alerts.ndjson").read_bytes().splitlines()
        found = [orjson.loads(line) for line in lines]
        return [document for document in found if document["event"]["dataset"] == dataset]

    def lines(self) -> list[str]:
        """What was delivered as CEF, in the order of the documents."""
        return (self.folder / "lines" / "alerts.cef").read_text().splitlines()


@contextmanager
def told_incidents(folder: Path, *rules: str) -> Iterator[ToldIncidents]:
    told = ToldIncidents(folder, *rules)
    try:
        yield told
    finally:
        told.daemon.close()


def types(document: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """By dotted names, what JSON has there."""
    found: dict[str, str] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            found |= types(value, f"{before}{name}.")
        else:
            found[before + name] = type(value).__name__
    return found
