"""A daemon's parts over rules that alert on nearly every login, in this process: a test hands in rows, and moves the clock."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from agent.assembly.node import Node, build_node
from agent.assembly.shard import Shard, StopEvent
from agent.config.settings import parse
from agent.model import Batch, Cursor
from tests.notice.kept.incident_judge import KeptIncidents, SentRow, differences, trail_findings
from tests.pipeline.fakes import ListSource

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
BEGIN = NOW - timedelta(hours=20)
"""Of the logins."""
EVERY = timedelta(minutes=5)
"""Between two batches that are read in turn."""
ORG = "acme"
ORG_ID = "00D000000000001AAA"
NOTICE = {"zone": "Europe/Berlin", "jurisdictions": ["eu"], "roles": ["controller"]}

RULES = """title: A login of somebody
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f001
name: login_of_somebody
level: low
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: Login}, condition: sel}
leakline: {fold_by: [USER_NAME, SOURCE_IP]}
---
title: A login of a watched person
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f002
name: login_of_watched
level: high
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {EVENT_TYPE: Login, USER_NAME|startswith: watched}, condition: sel}
---
title: Many logins from an address
id: 0b9a4d38-0f9e-4a63-a5a8-b6a8f5a5f003
name: logins_from_an_address
level: critical
correlation:
  type: event_count
  rules: [login_of_somebody]
  group-by: [SOURCE_IP]
  timespan: 1h
  condition: {gte: 4}
  generate: true
"""
"""Of low, high and critical alerts; the first is folded by person and address, the last grows and is revised."""


class MovedClock:
    """The clock of a node."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **span: float) -> None:
        self.now += timedelta(**span)


class AlertingNode:
    """To be closed."""

    def __init__(self, folder: Path, clock: MovedClock | None = None, **keys: Any) -> None:
        """`keys`: further keys of the settings file."""
        self.clock = clock or MovedClock()
        self._folder = folder
        self._keys = keys
        folder.mkdir(exist_ok=True)
        (folder / "rules").mkdir(exist_ok=True)
        (folder / "rules" / "logins.yml").write_text(RULES)
        (folder / "secret").write_text("of an org that nobody asks")
        self.node = self._built()

    @property
    def shard(self) -> Shard:
        return self.node.shards[ORG]

    def read(self, batches: Sequence[Batch]) -> int:
        """Of these, those behind the last one that was taken."""
        return self.shard.ingest.read(ListSource(list(batches), name=f"{ORG}/event_log_file"))

    def read_in_turn(self, batches: Sequence[Batch]) -> None:
        """One by one, each at a time of its own."""
        for batch in batches:
            self.clock.now = NOW + int(batch.cursor or 0) * EVERY
            self.read([batch])

    def tell(self) -> None:
        """Take the events that wait in the outbox, as the daemon's thread does."""
        problems = self.shard.stores.problems
        for batch in problems.events():
            self.shard.ingest.take("agent", batch)

    def sent(self) -> list[SentRow]:
        """What is in the lane of alerts."""
        spool = self.shard.stores.spool
        entries = [spool.entry("alerts", number) for number in range(spool.end("alerts").sequence)]
        frames = [frame for entry in entries if entry is not None for _, frame in spool.read(entry).numbered()]
        return [SentRow.of(cells) for frame in frames for cells in frame.iter_rows(named=True)]

    def differences(self) -> list[str]:
        """What incidents, alerts, events and the trail say differently."""
        states = {name: shard.stores.state for name, shard in self.node.shards.items()}
        return [*differences(self.sent(), self.kept()), *trail_findings(states)]

    def kept(self) -> KeptIncidents:
        return KeptIncidents.of(self.shard.stores.state)

    def close(self) -> None:
        self.node.close()

    def restart(self) -> None:
        """As another process on the same state."""
        self.close()
        self.node = self._built()

    def document(self) -> dict[str, Any]:
        """The settings."""
        auth = {"type": "client_credentials", "client_id": "-", "client_secret": {"file": str(self._folder / "secret")}}
        return {
            "orgs": [{"name": ORG, "url": "https://acme.my.salesforce.com", "auth": auth}],
            "destinations": [{"type": "file", "directory": str(self._folder / "out")}],
            "state": {"directory": str(self._folder / "state")},
            "rules": {"folders": [str(self._folder / "rules")], "shipped": False, "revise": "1ms"},
            "enrich": {"users": False, "applications": False},
            "notice": NOTICE,
        } | self._keys

    def _built(self) -> Node:
        return build_node(parse(self.document()), now=self.clock, stop=StopEvent())


def logins(count: int, *, seed: int, rows: int = 5, minutes: float = 20.0) -> list[Batch]:
    """So many batches of `rows` logins each, of a few people from a few addresses; each batch is `minutes` after the last."""
    chance, batches = random.Random(seed), []
    for number in range(1, count + 1):
        found = []
        for row in range(rows):
            person, address = chance.randrange(8), f"192.0.2.{chance.randrange(5)}"
            name = f"watched{person}@acme.example" if person < 3 else f"person{person}@acme.example"
            session = f"session{chance.randrange(12)}"
            found.append(login(name, minutes * number + row, address=address, session=session))
        batches.append(batch_of_logins(number, found))
    return batches


def batch_of_logins(number: int, rows: Sequence[dict[str, str]]) -> Batch:
    """`number`: the batch's, from 1 on."""
    ids = [{**row, "event.id": f"{number:016x}{place:016x}"} for place, row in enumerate(rows)]
    return Batch(ORG_ID, "event_log_file", "Login", pl.DataFrame(ids), Cursor(str(number)))


def login(name: str, minutes: float, address: str = "192.0.2.99", session: str = "session99") -> dict[str, str]:
    """Of the user of this name, so many minutes after `BEGIN`; the id is made from the digit in the name."""
    time = BEGIN + timedelta(minutes=minutes)
    (digit,) = filter(str.isdigit, name)
    return {
        "EVENT_TYPE": "Login",
        "USER_NAME": name,
        "USER_ID": f"00500000000{digit:0>4}AAA",
        "CLIENT_IP": address,
        "SOURCE_IP": address,
        "SESSION_KEY": session,
        "TIMESTAMP": time.strftime("%Y%m%d%H%M%S.000"),
        "TIMESTAMP_DERIVED": time.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
