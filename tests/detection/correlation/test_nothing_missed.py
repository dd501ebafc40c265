"""Alerts that were missed once: chains with short timespans, sums at their threshold, texts forgotten too early."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from agent.detection.correlation import text_codes
from agent.detection.correlation.text_codes import TextCodes, stored
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from tests.detection.correlation.two_rules import FILES, NOW, TEN, TWO_RULES
from tests.detection.memory_store import MemoryStore

HOUR = 3_600_000

LONELY = (
    TWO_RULES
    + """title: Lonely
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c21
name: lonely
correlation:
  type: temporal
  rules: [first, second]
  group-by: [USER_ID]
  timespan: 2h
  condition: first and not second
---
title: Lonely Once
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c22
name: lonely_once
level: high
correlation:
  type: event_count
  rules: [lonely]
  group-by: [USER_ID]
  timespan: 10m
  condition: {gte: 1}
"""
)
"""A correlation that waits two hours, and one of ten minutes made of it."""

SUM = (
    TWO_RULES
    + """title: Sum
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c23
name: sum
level: high
correlation:
  type: value_sum
  rules: [first]
  group-by: [USER_ID]
  timespan: 10m
  condition: {field: VALUE, gte: 0.8}
"""
)


def rule_set(folder: Path, text: str) -> RuleSet:
    path = folder / "rules.yml"
    path.write_text(text)
    loaded = load([path])
    assert not loaded.errors
    return loaded


def event(number: int, user: str, kind: str, seconds: float, value: str = "1") -> pl.DataFrame:
    """One prepared row, so many seconds after ten."""
    return pl.DataFrame(
        {
            "event.id": [f"{number:032x}"],
            "USER_ID": [user],
            "KIND": [kind],
            "VALUE": [value],
            "@timestamp": [TEN + timedelta(seconds=seconds)],
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC")},
    )


def announced(detector: Detector, store: MemoryStore, rows: pl.DataFrame) -> list[str]:
    """The names of the rules whose alerts this batch raises."""
    detection = detector.detect(rows, FILES, NOW)
    store.apply(detection.remember)
    detection.commit()
    return list(detection.alerts["rule.name"]) if detection.alerts.height else []


@pytest.mark.parametrize("step", [10, 30, 90, 600])
def test_what_a_waiting_correlation_hands_on_is_not_late(tmp_path: Path, step: int) -> None:
    """However the watermark moves: what a shorter correlation is made of is never counted as late for it."""
    store = MemoryStore()
    late = {"event_log_file": timedelta()}
    detector = Detector(rule_set(tmp_path, LONELY), recall=store.get, lateness=late)
    names = announced(detector, store, event(0, "u", "a", 0))
    for number, seconds in enumerate(range(step, 3 * 3600, step), start=1):
        names += announced(detector, store, event(number, "other", "nothing", seconds))
    assert names.count("Lonely Once") == 1
    assert not any(reason == "late" for _, reason in detector.correlation_engine.left_out)


def test_a_sum_that_reaches_its_threshold_as_it_is_written_fires(tmp_path: Path) -> None:
    """0.7 and 0.1 are 0.8, although they are a little less where numbers are binary."""
    store = MemoryStore()
    detector = Detector(rule_set(tmp_path, SUM), recall=store.get)
    rows = pl.concat([event(0, "u", "a", 0, "0.7"), event(1, "u", "a", 60, "0.1")])
    assert announced(detector, store, rows) == ["Sum"]


@pytest.mark.parametrize("values", [["1e303"], ["1e308", "1e308"], ["1e303", "0.1"]])
def test_a_sum_too_large_to_be_rounded_fires(tmp_path: Path, values: list[str]) -> None:
    """A log may hold any number; a sum of which, in millionths, no number can tell raises its alert and no error."""
    detector = Detector(rule_set(tmp_path, SUM))
    rows = pl.concat([event(number, "u", "a", 60 * number, value) for number, value in enumerate(values)])
    assert announced(detector, MemoryStore(), rows) == ["Sum"]


def test_a_text_is_kept_while_rows_may_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """`seen` lags by up to an hour: a text seen within that hour after the floor keeps its code."""
    monkeypatch.setattr(text_codes, "PIECES", 0)

    def with_text(texts: TextCodes, text: str, seen: int) -> TextCodes:
        return texts.coded(pl.Series([text]), pl.Series([seen]))[0]

    texts = stored(with_text(TextCodes(), "user", 10 * HOUR), "texts", 0)[0]
    texts = with_text(with_text(texts, "user", 10 * HOUR + HOUR // 2), "another", 10 * HOUR + HOUR // 2)
    texts, _ = stored(texts, "texts", 10 * HOUR + HOUR // 4)
    assert set(texts.frame["text"]) == {"user", "another"}
