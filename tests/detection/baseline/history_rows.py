"""Rules, rows and detectors that the tests of baselines share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from agent.detection.detector import Detector
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource

FILES = LogSource("salesforce", "event_log_file")
START = datetime(2026, 7, 6, tzinfo=UTC)
"""A Monday, so that periods counted from 1970 begin at it too."""
NOW = START + timedelta(days=400)
DAY = 24 * 60
"""Minutes."""

RULES = """
title: Row
name: row
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: a}, condition: sel}
---
title: Past
name: past
level: high
baseline:
  rules: [row]
  wait: 2h
"""
BURST = (
    RULES.replace("  wait: 2h\n", "").lstrip("\n")
    + """\
  group-by: [USER_ID]
  type: volume
  timespan: 1h
  condition: {field: VALUE, gte: 100, ratio: 5}
"""
)
FIRST = (
    RULES.lstrip("\n")
    + """\
  group-by: [USER_ID]
  type: first_seen
  condition: {field: VALUE}
"""
)

Load = Callable[[str], RuleSet]
"""Rules from the text of one file (the fixture `loaded`)."""
Write = Callable[[str, str], Path]
"""Writes a file of rules (the fixture `write`)."""
NewDetector = Callable[..., Detector]
"""A detector of the rules in a text, `BURST` unless given (the fixture `new_detector`)."""

Row = tuple[str, int, object]
"""User, minutes after the start, value."""


def frame(events: Sequence[Row], **columns: object) -> pl.DataFrame:
    """Prepared rows; `columns`: further ones, the same in all rows."""
    return pl.DataFrame(
        {
            "event.id": [f"{user}-{minute}-{number}" for number, (user, minute, _) in enumerate(events)],
            "USER_ID": [user for user, *_ in events],
            "KIND": "a",
            "@timestamp": [START + timedelta(minutes=minute) for _, minute, _ in events],
            "VALUE": [str(value) for *_, value in events],
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC"), "USER_ID": pl.String, "VALUE": pl.String},
    ).with_columns(**{name: pl.lit(value) for name, value in columns.items()})


def month(user: str, value: int) -> list[Row]:
    """The same every day at nine, for four weeks."""
    return [(user, day * DAY + 9 * 60, value) for day in range(28)]


def checked(rules: RuleSet) -> RuleSet:
    assert not rules.errors, rules.errors
    return rules


def tried(detector: Detector, rows: pl.DataFrame, now: datetime = NOW) -> list[dict[str, Any]]:
    """The alerts of a batch that is committed."""
    detection = detector.detect(rows, FILES, now)
    detection.commit()
    return detection.alerts.to_dicts()
