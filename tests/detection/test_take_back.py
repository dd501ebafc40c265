"""Batches that are detected one upon the other before any of them is stored, and taken back when they are not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent import metrics
from agent.detection.detection import Detection
from agent.detection.detector import Detector
from agent.detection.memory import piece_cache
from agent.detection.memory.frame_bytes import MAGIC, decoded
from agent.detection.rule_set import RuleSet
from tests.detection.baseline.history_rows import BURST, FILES, NOW, frame, month
from tests.detection.conftest import LoadText
from tests.detection.memory_store import MemoryStore

RULES = (
    BURST.replace("title: Row\n", "title: Row\nid: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c31\nlevel: low\n").replace(
        "title: Past\n", "title: Past\nid: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c32\n"
    )
    + """\
---
title: Alone
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c33
level: low
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: a, VALUE: '7'}, condition: sel}
---
title: Often
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c34
level: high
correlation:
  type: event_count
  rules: [row]
  group-by: [USER_ID]
  timespan: 2h
  condition: {gte: 3}
"""
)
"""A rule that raises, one that feeds a correlation and a baseline, and these two."""

Row = tuple[str, int, int]
Batches = list[list[Row]]


@pytest.fixture
def rules(loaded: LoadText) -> RuleSet:
    found = loaded(RULES)
    assert not found.errors
    return found


def rows_of(batch: list[Row], number: int) -> pl.DataFrame:
    rows = frame([(user, 28 * 24 * 60 + minute, value) for user, minute, value in batch])
    ids = pl.col("event.id").cast(pl.String) + f"-{number}"
    return rows.with_columns(pl.lit("00D").alias("organization.id"), ids)


class Way:
    """A detector with what it stores, which begins with a month of history."""

    def __init__(self, rules: RuleSet) -> None:
        self.store = MemoryStore()
        self.detector = Detector(rules, recall=self.store.get)
        self.alerts: list[dict[str, object]] = []
        self._now = NOW
        history = [row for user in ("ann", "bob") for row in month(user, 10)]
        self.keep([self.detect(frame(history).with_columns(pl.lit("00D").alias("organization.id")))])

    def detect(self, rows: pl.DataFrame) -> Detection:
        return self.detector.detect(rows, FILES, self._now, org="00D")

    def together(self, batches: list[pl.DataFrame]) -> list[Detection]:
        """Detected one upon the other, nothing stored."""
        detections = []
        for rows in batches:
            detections.append(self.detect(rows))
            detections[-1].advance()
        return detections

    def keep(self, detections: list[Detection]) -> None:
        """Their transaction, and what follows it."""
        for detection in detections:
            self.store.apply(detection.remember)
            self.alerts += detection.alerts.to_dicts()
        for detection in detections:
            detection.commit()
        self._now += timedelta(minutes=7)


def readable(store: MemoryStore) -> dict[str, object]:
    """What is stored, whatever order rows of a frame and open alerts have: that of a `group_by` is not the same each time."""
    return {key: _readable(value) for key, value in store.items()}


def _readable(value: bytes) -> object:
    if value.startswith(MAGIC):
        return sorted(map(repr, decoded(value).rows()))
    document = orjson.loads(value)
    return _in_order(document) if isinstance(document, dict) else document


def _in_order(document: dict[str, Any]) -> dict[str, Any]:
    return {name: sorted(value, key=repr) if isinstance(value, list) else value for name, value in document.items()}


row = st.tuples(st.sampled_from(["ann", "bob"]), st.integers(0, 600), st.sampled_from([5, 7, 400]))
groups = st.lists(st.lists(st.lists(row, max_size=5), min_size=1, max_size=4), min_size=1, max_size=4)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=groups, data=st.data())
def test_a_group_is_detected_as_its_batches_are_one_by_one(
    rules: RuleSet, groups: list[Batches], data: st.DataObject
) -> None:
    """The same alerts, the same memory and the same state; so it is behind a group that was taken back."""
    single, grouped = Way(rules), Way(rules)
    number = 0
    for group in groups:
        frames = [rows_of(batch, number + place) for place, batch in enumerate(group)]
        number += len(group)
        if data.draw(st.booleans()):
            for detection in reversed(grouped.together(frames)):
                detection.take_back()
        found = grouped.together(frames)
        grouped.keep(found)
        now = single._now
        for rows in frames:
            single._now = now
            single.keep([single.detect(rows)])
    assert sorted(map(repr, grouped.alerts)) == sorted(map(repr, single.alerts))
    assert readable(grouped.store) == readable(single.store)


def test_what_left_memory_before_it_was_stored_is_found(rules: RuleSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """A later batch of the group needs rows of an earlier one, which had no room in memory."""
    monkeypatch.setattr(piece_cache, "ROOM", 0)
    way = Way(rules)
    batches = [rows_of([("ann", minute, 5)], minute) for minute in range(4)]
    way.keep(way.together(batches))
    often = [alert for alert in way.alerts if alert["rule.name"] == "Often"]
    assert [alert["leakline.correlation.count"] for alert in often] == [3]


def test_what_was_taken_back_is_not_counted(rules: RuleSet) -> None:
    """Rows that a correlation leaves out show in the metric once they are stored."""
    way = Way(rules)
    late = frame([("", 28 * 24 * 60, 5)])
    metric = metrics.CORRELATION_ROWS_LEFT_OUT.labels("6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c34", "no_group")
    before = metric._value.get()
    (detection,) = way.together([late])
    detection.take_back()
    assert (metric._value.get(), way.detector.correlation_engine.left_out) == (before, {})
    way.keep(way.together([late]))
    assert metric._value.get() == before + 1
