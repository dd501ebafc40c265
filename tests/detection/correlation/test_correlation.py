"""Which rules behind a correlation raise alerts, and whose rows are counted together. What they count: `test_types`."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from agent.detection.detector import Detector
from agent.detection.load import load
from tests.detection.correlation.two_rules import (
    BOTH,
    FILES,
    KINDS,
    NOW,
    alert_counts,
    frame,
    rules,
)


def test_orgs_are_kept_apart(folder: Path) -> None:
    """Rows of two orgs never add up."""
    detector = Detector(rules("event_count", folder))
    for number, org in enumerate(["00D1", "00D2"]):
        rows = frame([(number * 10 + n, ("A", "a", n, 1)) for n in range(2)])
        detection = detector.detect(rows.with_columns(pl.lit(org).alias("organization.id")), FILES, NOW)
        assert detection.alerts.is_empty()
        detection.commit()


def test_the_rules_behind_a_correlation_are_silent_unless_it_says_generate(folder: Path) -> None:
    """As Sigma has it."""
    text = BOTH + KINDS["event_count"]
    for generate, alerts in (("false", 0), ("true", 1)):
        path = folder / "generate.yml"
        path.write_text(f"{text}  generate: {generate}\n")
        found = Detector(load([path])).detect(frame([(1, ("A", "a", 0, 1))]), FILES, NOW).alerts
        assert found.height == alerts


def test_selected_rules_keep_what_feeds_them(folder: Path) -> None:
    """The least level is asked of the correlation, not of its bases."""
    loaded = rules("temporal", folder)
    assert [rule.name for rule in loaded.selected(minimum="high").rules] == ["first", "second"]
    assert not loaded.selected(minimum="high", without=["both"]).rules


CHAIN = (
    BOTH
    + """  type: event_count
  condition: {gte: 2}
---
title: Several
name: several
correlation: {type: value_count, rules: [both], timespan: 1h, condition: {field: USER_ID, gte: 2}}
"""
)


@pytest.mark.parametrize(("where", "alerts"), [("", 1), ("generate: true\n", 3)])
def test_a_correlation_of_another_is_silent_unless_asked(folder: Path, where: str, alerts: int) -> None:
    """`generate` may stand beside `correlation`, as in the specification's schema."""
    rows = [(n, ("AB"[n % 2], "a", n, 1)) for n in range(4)]
    assert alert_counts(CHAIN + where, folder, (rows, FILES, 1)) == [alerts]
