"""Snapshots of a scripted org's objects, and a loop that commits what they bring."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.model import OWN_EVENT_TYPE, Batch
from agent.simulator.records.record_kind import FieldType
from agent.sources.objects.catalogue import watched_objects
from agent.sources.objects.snapshots.snapshots import Snapshots
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.objects.snapshots.assignments import ASSIGNMENT, PERMISSIONS, SESSION, TOKEN, assignment
from tests.sources.reader import Clock, RecalledKeys

HOUR = timedelta(hours=1)


@dataclass
class SnapshotReader:
    """Looks and commits; a new process for each look."""

    org: ScriptedOrg
    clock: Clock
    make_session: Callable[..., Session]
    watched: str = "PermissionSetAssignment"
    memory: RecalledKeys = field(default_factory=RecalledKeys)

    def __post_init__(self) -> None:
        self.tables: dict[str, dict[str, FieldType]] = self.org.tables
        for name, fields in (("PermissionSetAssignment", ASSIGNMENT), ("OauthToken", TOKEN), ("AuthSession", SESSION)):
            self.tables[name] = dict(fields)
            self.org.objects[name] = []
        self.permit(True)

    @property
    def records(self) -> list[dict[str, Any]]:
        """Of the object, to be changed by the test."""
        return self.org.objects[self.watched]

    def permit(self, is_permitted: bool | None) -> None:
        """Whether the user has every permission; None: the org does not say."""
        self.tables["UserPermissionAccess"] = dict(PERMISSIONS)
        has = {name: is_permitted for name in PERMISSIONS if name != "Id"}
        self.org.objects["UserPermissionAccess"] = [] if is_permitted is None else [{"Id": "0000000000000AAAAA", **has}]

    def give(self, *numbers: int) -> None:
        """Assignments that are made now."""
        self.records.extend(assignment(number, self.clock()) for number in numbers)

    def take(self, *numbers: int) -> None:
        """They are gone."""
        gone = {assignment(number, self.clock())["Id"] for number in numbers}
        self.records[:] = [record for record in self.records if record["Id"] not in gone]

    def started(self) -> Generator[Batch]:
        """A look that is begun by a new process; it commits what it yields once the next batch is asked for."""
        watched = watched_objects()[self.watched]
        session = self.make_session()
        snapshots = Snapshots(session, [watched], self.memory, source="acme/test", every=HOUR, now=self.clock)
        for batch in snapshots.batches(self.clock()):
            yield batch
            self.memory.apply(batch.remember)

    def look(self, *, after: timedelta = HOUR) -> list[Batch]:
        """The time passes, then a look; what it committed."""
        self.clock.advance(seconds=after.total_seconds())
        return list(self.started())

    def rows(self, batches: list[Batch]) -> list[dict[str, Any]]:
        """The differences, by Id."""
        found = [row for batch in batches if batch.event_type != OWN_EVENT_TYPE for row in batch.frame.to_dicts()]
        return sorted(found, key=lambda row: str(row["Id"]))

    def differences(self, batches: list[Batch]) -> list[tuple[str, int]]:
        """Kind and number of each."""
        return [(row["Difference"], int(row["Id"][3:15])) for row in self.rows(batches)]

    def own(self, batches: list[Batch]) -> dict[str, str]:
        """Action and message of what is reported."""
        frames = [batch.frame for batch in batches if batch.event_type == OWN_EVENT_TYPE and batch.frame.height]
        return {row["event.action"]: row["message"] for frame in frames for row in frame.to_dicts()}

    def asked(self) -> list[str]:
        """Queries since the last call."""
        queries = list(self.org.queries)
        self.org.queries.clear()
        return queries


def text(time: datetime) -> str:
    """As cells have it."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


@pytest.fixture
def reader(org: ScriptedOrg, clock: Clock, make_session: MakeSession) -> SnapshotReader:
    return SnapshotReader(org, clock, make_session)
