"""Two rules, correlations of them by type, and events that they match."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource

FILES = LogSource("salesforce", "event_log_file")
TEN = datetime(2026, 7, 1, 10, tzinfo=UTC)
NOW = TEN + timedelta(days=30)

TWO_RULES = """title: First
name: first
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: a}, condition: sel}
---
title: Second
name: second
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: b}, condition: sel}
---
"""
BOTH = (
    TWO_RULES
    + """title: Both
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c20
name: both
level: high
correlation:
  rules: [first, second]
  group-by: [USER_ID]
  timespan: 10m
"""
)
"""To be ended by one of `KINDS`."""

KINDS = {
    "event_count": "  type: event_count\n  condition: {gte: 3}\n",
    "value_count": "  type: value_count\n  condition: {field: VALUE, gte: 3}\n",
    "value_sum": "  type: value_sum\n  condition: {field: VALUE, gte: 9}\n",
    "temporal": "  type: temporal\n",
    "temporal_ordered": "  type: temporal_ordered\n",
}

Event = tuple[str, str, int, int]
"""User, kind, minutes after ten, value."""

Batch = tuple[list[tuple[int, Event]], LogSource, int]
"""Events by number, where they come from, and hours after ten of the clock."""


def rules(kind: str, folder: Path) -> RuleSet:
    """The two rules and their correlation of this type."""
    path = folder / f"{kind}.yml"
    path.write_text(BOTH + KINDS[kind])
    loaded = load([path])
    assert not loaded.errors
    return loaded


def frame(events: list[tuple[int, Event]]) -> pl.DataFrame:
    """Events by number, as a prepared batch: `event.id`, `USER_ID`, `KIND`, `VALUE` (String), `@timestamp`."""
    return pl.DataFrame(
        {
            "event.id": [f"{number:032x}" for number, _ in events],
            "USER_ID": [e[0] or None for _, e in events],
            "KIND": [e[1] for _, e in events],
            "@timestamp": [TEN + timedelta(minutes=e[2]) for _, e in events],
            "VALUE": [str(e[3]) for _, e in events],
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC"), "USER_ID": pl.String, "VALUE": pl.String},
    )


def alert_counts(text: str, folder: Path, *batches: Batch) -> list[int]:
    """How many alerts each batch brings to the rules of this text."""
    path = folder / "own.yml"
    path.write_text(text)
    loaded = load([path])
    assert not loaded.errors, loaded.errors
    detector = Detector(loaded)
    counts: list[int] = []
    for events, source, hours in batches:
        detection = detector.detect(frame(events), source, TEN + timedelta(hours=hours))
        detection.commit()
        counts.append(detection.alerts.height)
    return counts
