"""A source of objects before a scripted org whose objects hold what a test says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from agent.assembly.sources import build_source
from agent.model import OWN_EVENT_TYPE, Batch
from agent.simulator.records.record_kind import record_kinds
from agent.simulator.world.faults import Faults
from agent.source import Recall
from agent.sources.objects.settings import AnyObjectSettings, SetupAuditTrailSettings
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.contract.harness import AnySource
from tests.sources.contract.scripted_org_harness import GivenMemory
from tests.sources.contract.source_loop import SourceLoop
from tests.sources.objects.object_rows import AUDIT_TRAIL, RowShape
from tests.sources.reader import Clock

MISSING_TYPE = (400, [{"errorCode": "INVALID_TYPE", "message": "sObject type 'SetupAuditTrail' is not supported."}])


@dataclass
class RowReader:
    """Reads and commits; a new process for each poll, unless a test hands in the source."""

    org: ScriptedOrg
    clock: Clock
    make_session: Callable[..., Session]
    settings: AnyObjectSettings = field(default_factory=lambda: SetupAuditTrailSettings(type="setup_audit_trail"))
    labels: dict[str, str] = field(default_factory=dict)
    """Objects to the field with which their rows are told apart."""

    def __post_init__(self) -> None:
        # It has only the objects that a test says.
        self.org.faults = Faults(no_event_log_objects="all", hidden_fields=",".join(record_kinds()))
        self.loop = SourceLoop(self)  # type: ignore[arg-type]
        self._rows = 0

    def source(self, recall: Recall) -> AnySource:
        """See `SourceHarness`."""
        memory = GivenMemory(name_of("acme", self.settings), recall)
        return build_source(self.settings, self.make_session(), memory, self.clock, self.org.settings.folder)

    def left_behind(self) -> list[str]:
        """See `SourceHarness`."""
        return []

    def hold(self, *shapes: RowShape) -> None:
        """The org has these objects."""
        for shape in shapes:
            self.org.tables[shape.object] = dict(shape.fields)
            self.org.objects.setdefault(shape.object, [])
            self.labels[shape.object] = shape.label

    def add(self, shape: RowShape, *times: datetime, **cells: Any) -> list[str]:
        """Rows of an object, at these times; what they are called."""
        if shape.object not in self.org.tables:
            self.hold(shape)
        names = []
        for time in times:
            self._rows += 1
            names.append(f"row {self._rows}")
            self.org.objects[shape.object].append(shape.row(self._rows, time, names[-1]) | cells)
        return names

    def ago(self, **span: float) -> datetime:
        return self.clock() - timedelta(**span)

    def poll(self, source: AnySource | None = None) -> list[Batch]:
        """One pass; what it committed."""
        before = len(self.loop.batches)
        self.loop.run(source)
        return self.loop.batches[before:]

    def names(self, batches: list[Batch]) -> list[str]:
        """Labels of the rows, in the order in which they came."""
        rows = [batch for batch in batches if batch.event_type != OWN_EVENT_TYPE and batch.frame.height]
        return [name for batch in rows for name in batch.frame[self.labels[batch.event_type]]]

    def own(self, batches: list[Batch]) -> list[tuple[str, str]]:
        """Action and message of what is told."""
        events = [batch.frame for batch in batches if batch.event_type == OWN_EVENT_TYPE and batch.frame.height]
        return [(row["event.action"], row["message"]) for frame in events for row in frame.to_dicts()]

    def asked(self) -> list[str]:
        """Queries since the last call."""
        queries = list(self.org.queries)
        self.org.queries.clear()
        return queries


@pytest.fixture
def reader(org: ScriptedOrg, clock: Clock, make_session: MakeSession) -> RowReader:
    """Of the audit trail, unless a test sets others."""
    made = RowReader(org, clock, make_session)
    made.hold(AUDIT_TRAIL)
    return made
