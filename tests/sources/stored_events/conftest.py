"""The source of stored events before a scripted org that stores what a test says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from agent.model import OWN_EVENT_TYPE, Batch
from agent.normalize.vendor_identity import identify_events
from agent.simulator.world.faults import Faults
from agent.sources.salesforce.session import Session
from agent.sources.stored_events.settings import StoredEventsSettings
from agent.sources.stored_events.source import EventStorage
from agent.sources.stored_events.stream_record import StreamRecord
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.contract.source_loop import SourceLoop
from tests.sources.reader import Clock, RecalledKeys
from tests.sources.stored_events.stored_rows import FIELDS, stored_row


@dataclass
class StoredReader:
    """Reads and commits; a new process for each poll."""

    org: ScriptedOrg
    clock: Clock
    make_session: Callable[..., Session]
    settings: dict[str, Any] = field(default_factory=dict)
    stream: RecalledKeys | None = None
    """What the source of streamed events remembers; None where the org has no such source."""

    def __post_init__(self) -> None:
        self.org.faults = Faults(no_storage="all")  # it stores only what a test says
        self._loop = SourceLoop(self)  # type: ignore[arg-type]
        self._rows = 0

    def source(self, recall: Any) -> EventStorage:
        """See `SourceHarness`."""
        settings = StoredEventsSettings(type="stored_events", **self.settings)
        stream = StreamRecord(self.stream)
        session = self.make_session()
        return EventStorage(session, settings, now=self.clock, recall=recall, naming=identify_events, stream=stream)

    def left_behind(self) -> list[str]:
        """See `SourceHarness`."""
        return []

    def store(self, stored: str, *times: datetime, fields: Mapping[str, Any] = FIELDS) -> list[str]:
        """Rows of an object, at these times; what they are called."""
        self.org.tables.setdefault(stored, dict(fields))
        rows = self.org.objects.setdefault(stored, [])
        names = []
        for time in times:
            self._rows += 1
            names.append(str(UUID(int=self._rows * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128))))
            rows.append(stored_row(self._rows, time, names[-1]))
        return names

    def ago(self, **span: float) -> datetime:
        return self.clock() - timedelta(**span)

    def poll(self) -> list[Batch]:
        """One pass; what it committed."""
        before = len(self._loop.batches)
        self._loop.run()
        return self._loop.batches[before:]

    def names(self, batches: list[Batch]) -> list[str]:
        """EventIdentifier of the rows, in the order in which they came."""
        return [
            name
            for batch in batches
            if batch.frame.height
            for name in batch.frame.to_dict(as_series=False).get("EventIdentifier", [])
        ]

    def own(self, batches: list[Batch]) -> list[tuple[str, str]]:
        """Action and message of what is told."""
        events = [batch.frame for batch in batches if batch.event_type == OWN_EVENT_TYPE and batch.frame.height]
        return [(row["event.action"], row["message"]) for frame in events for row in frame.to_dicts()]

    def asked(self) -> list[str]:
        """Queries since the last call, without what they select."""
        queries = [query.partition(" FROM ")[2] for query in self.org.queries]
        self.org.queries.clear()
        return queries


@pytest.fixture
def stored(org: ScriptedOrg, clock: Clock, make_session: MakeSession) -> StoredReader:
    return StoredReader(org, clock, make_session)
