"""A source of objects' rows before the scripted org, over real HTTPS."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson
import pytest

from agent.assembly.sources import build_source
from agent.model import Batch
from agent.source import Recall
from agent.sources.object_query import object_pass, object_reader
from agent.sources.objects.settings import AnyObjectSettings
from agent.sources.source_name import name_of
from tests.sources.contract.harness import AnySource
from tests.sources.contract.scripted_org_harness import GivenMemory, QueryHarness
from tests.sources.objects.object_rows import RowShape

TIED = 500_000
"""The first of the ids that sort before those of `give`, downwards."""


class ObjectHarness(QueryHarness):
    """`SourceHarness` of `ObjectRows`. Rows are a second apart; a page is four rows."""

    def __init__(
        self, request: pytest.FixtureRequest, settings: AnyObjectSettings, shape: RowShape, *empty: RowShape
    ) -> None:
        """`shape`: of the object whose rows are given; `empty`: what the source reads besides, without rows."""
        super().__init__(request)
        self.settings = settings
        self._shape = shape
        self._empty = empty
        monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        monkeypatch.setattr(object_reader, "PAGE", 4)
        monkeypatch.setattr(object_pass, "CALLS", 1_000)
        self.begin_anew()

    def source(self, recall: Recall) -> AnySource:
        self._sessions.append(self._make_session())
        memory = GivenMemory(name_of("acme", self.settings), recall)
        folder = self._server.org.settings.folder
        return build_source(self.settings, self._sessions[-1], memory, now=self._clock, downloads=folder)

    def begin_anew(self) -> None:
        self._org.begin_anew(self._clock)
        self._org.page = 4
        for shape in (self._shape, *self._empty):
            self._org.tables[shape.object] = shape.fields
            self._org.objects[shape.object] = []
        self._seconds = self._tied = 0
        self.interrupt()

    def give(self, *inputs: Sequence[str]) -> None:
        for label in (label for labels in inputs for label in labels):
            self._seconds += 1
            self._add(TIED + self._seconds, label)

    def give_tied(self, *inputs: Sequence[str]) -> None:
        for label in (label for labels in inputs for label in labels):
            self._tied += 1
            self._add(TIED - self._tied, label)

    def give_malformed(self, *labels: str) -> bytes:
        self.give(labels[:1], ["odd"])
        row = self._org.objects[self._shape.object][-1]
        odd = {self._shape.time: "yesterday"}
        self._org.odd[row.get("Id") or row["RequestIdentifier"]] = odd
        self.give(labels[1:])
        related = [name for name in row if "." in name]
        ordered = [*(name for name in row if name not in related), *related]
        return orjson.dumps({name: (row | odd)[name] for name in ordered})

    def labels(self, batch: Batch) -> list[str]:
        return batch.frame[self._shape.label].to_list()

    def _add(self, number: int, label: str) -> None:
        time = self._clock() - timedelta(minutes=5) + timedelta(seconds=self._seconds)
        self._org.objects[self._shape.object].append(self._shape.row(number, time, label))
