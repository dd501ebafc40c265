"""A source of one object before an org that is a table in memory, and how a test reads it until nothing is left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from agent.normalize.vendor_identity import identify_rows
from agent.simulator.api import query, soql_parser
from agent.simulator.org.objects import Table
from agent.source import Recall
from agent.sources.object_query import object_reader
from agent.sources.object_query.position import QueryPosition
from agent.sources.objects import settings as kinds
from agent.sources.objects.source import ObjectRows
from agent.sources.salesforce.api_error import Refused
from agent.sources.salesforce.budget.settings import ApiBudget
from agent.sources.salesforce.budget.usage import Usage
from agent.sources.salesforce.clock_offset import OrgClock
from tests.sources.contract.scenario import crash, never, nth_time
from tests.sources.contract.source_loop import Crash, SourceLoop
from tests.sources.objects.object_rows import RowShape
from tests.sources.reader import Clock

SETTINGS: Mapping[str, kinds.AnyObjectSettings] = {
    "SetupAuditTrail": kinds.SetupAuditTrailSettings(type="setup_audit_trail"),
    "LoginEventLog": kinds.EventLogObjectSettings(type="event_log_object", objects=["LoginEventLog"]),
    "My_Object__c": kinds.ObjectSettings(type="object", object="My_Object__c", fields=["Name"]),
}


class TableSession:
    """A session whose org has one object and no network (the part of `Session` that the source uses)."""

    org_id = "00D000000000001AAA"
    settings = SimpleNamespace(name="acme", api_budget=ApiBudget())
    usage = Usage(0, 0)

    def __init__(self, shape: RowShape) -> None:
        self.rows: list[dict[str, Any]] = []
        self.clock = OrgClock(lambda: datetime.now(UTC))
        relations = {path.partition(".")[0]: "User" for path in shape.fields if "." in path}
        self.name = shape.object
        self.visible = dict(shape.fields)
        """What the org describes and selects."""
        self._table = Table(shape.object, self.visible, lambda: self.rows, relations=relations)
        self.expires_behind = 0
        """Records of a query after which the org has forgotten it; 0: never."""

    def check_budget(self) -> None:
        """There is always one."""

    def objects(self) -> frozenset[str]:
        """See `Session.objects`."""
        return frozenset({self._table.name})

    def fields(self, _: str) -> Mapping[str, Mapping[str, Any]]:
        """See `Session.fields`."""
        return {field["name"]: field for field in self._table.describe({})["fields"]}

    def query(self, soql: str) -> Iterator[Mapping[str, Any]]:
        """See `Session.query`."""
        _, records = query.run(soql_parser.parse(soql, datetime.now(UTC)), self._table, "64.0")
        for number, record in enumerate(records):
            if self.expires_behind and number == self.expires_behind:
                raise Refused("invalid query locator", object_reader.EXPIRED)
            yield record


@dataclass
class TableHarness:
    """See `SourceHarness`: a new process for each pass."""

    session: TableSession
    settings: kinds.AnyObjectSettings
    clock: Clock

    def source(self, recall: Recall) -> ObjectRows:
        session: Any = self.session
        return ObjectRows(session, self.settings, now=self.clock, recall=recall, naming=identify_rows)

    def left_behind(self) -> list[str]:
        """Nothing."""
        return []


def drain(loop: SourceLoop, session: TableSession, clock: Clock) -> None:
    """Polls until a few looks back have brought nothing, each of which may take several polls."""
    quiet = 0
    while quiet < 3:
        before = len(loop.batches)
        poll(loop, session, 0, False, 0)
        clock.advance(seconds=1)
        is_done = not QueryPosition.of(loop.cursor).objects[session.name].unread
        quiet = 0 if any(batch.frame.height for batch in loop.batches[before:]) else quiet + is_done


def poll(loop: SourceLoop, session: TableSession, kill: int, is_committed: bool, expires: int) -> None:
    """One pass; the process ends at its `kill`th batch (0: it does not), before or behind the commit."""
    session.expires_behind = expires
    hook = nth_time(kill, crash) if kill else never
    loop.before, loop.after = (never, hook) if is_committed else (hook, never)
    with suppress(Crash, Refused):
        loop.run()
