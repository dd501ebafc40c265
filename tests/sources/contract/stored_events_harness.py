"""The source of stored events before the scripted org, over real HTTPS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from agent.assembly.sources import build_source
from agent.model import Batch
from agent.source import Recall
from agent.sources.object_query import object_pass, object_reader
from agent.sources.real_time.catalogue import event_of
from agent.sources.stored_events.settings import StoredEventsSettings
from tests.sources.contract.harness import AnySource
from tests.sources.contract.scripted_org_harness import GivenMemory, QueryHarness
from tests.sources.stored_events.stored_rows import FIELDS, stored_row


class StoredEventsHarness(QueryHarness):
    """`SourceHarness` of `EventStorage`. Rows are a second apart; a page is four rows."""

    def __init__(self, request: pytest.FixtureRequest, event: str = "LoginEvent") -> None:
        super().__init__(request)
        self.settings = StoredEventsSettings(type="stored_events", events=[event])
        self._object = str(event_of(event).stored)
        monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        monkeypatch.setattr(object_reader, "PAGE", 4)
        monkeypatch.setattr(object_pass, "CALLS", 1_000)
        self.begin_anew()

    def source(self, recall: Recall) -> AnySource:
        self._sessions.append(self._make_session())
        folder = self._server.org.settings.folder
        return build_source(
            self.settings,
            self._sessions[-1],
            GivenMemory("acme/stored_events", recall),
            now=self._clock,
            downloads=folder,
        )

    def begin_anew(self) -> None:
        self._org.begin_anew(self._clock)
        self._org.page = 4
        self._org.tables[self._object] = FIELDS
        self._rows = self._org.objects[self._object] = []
        self._seconds = 0
        self.interrupt()

    def give(self, *inputs: Sequence[str]) -> None:
        for label in (label for labels in inputs for label in labels):
            self._seconds += 1
            self._add(label)

    def give_tied(self, *inputs: Sequence[str]) -> None:
        for label in (label for labels in inputs for label in labels):
            self._add(label)

    def give_malformed(self, *labels: str) -> bytes:
        self.give(labels[:1])
        self._seconds += 1
        self._add("odd")
        odd = {"EventDate": "yesterday"}
        self._org.odd[self._rows[-1]["Id"]] = odd
        record = {name: (self._rows[-1] | odd)[name] for name in FIELDS}
        self.give(labels[1:])
        return orjson.dumps(record)

    def labels(self, batch: Batch) -> list[str]:
        return batch.frame["Uri"].to_list()

    def _add(self, label: str) -> None:
        number = len(self._rows) + 1
        name = UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128))
        time = self._clock() - timedelta(minutes=20) + timedelta(seconds=self._seconds)
        self._rows.append(stored_row(number, time, str(name), Uri=label))
