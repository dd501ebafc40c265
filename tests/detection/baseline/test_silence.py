"""A source that stops, by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from agent.detection.sigma.log_source import LogSource
from tests.detection.baseline.history_rows import DAY, RULES, START, NewDetector, frame, tried

SOURCE = (
    RULES.lstrip("\n")
    + """\
  type: silence
  timespan: 12h
"""
)


def test_a_source_that_stops_is_told_by_the_clock(new_detector: NewDetector) -> None:
    """Once, and not because a file is merely late, nor because the daemon was away."""
    detector = new_detector(SOURCE)
    end = START + timedelta(days=20)
    tried(detector, frame([("A", minute, 1) for minute in range(0, 20 * DAY, 30)]), end)

    def ticks(since: timedelta, until: timedelta) -> list[dict[str, Any]]:
        found = []
        for minute in range(int(since.total_seconds() // 60), int(until.total_seconds() // 60), 10):
            detection = detector.detect(pl.DataFrame(), LogSource("leakline", "agent"), end + timedelta(minutes=minute))
            detection.commit()
            found += detection.alerts.to_dicts()
        return found

    assert ticks(timedelta(), timedelta(hours=13)) == []
    (raised,) = ticks(timedelta(hours=13), timedelta(hours=40))
    assert raised["leakline.baseline.silence"] == "lasting"
    assert raised["event.start"] == end - timedelta(minutes=30)
    away = new_detector(SOURCE)
    tried(away, frame([("A", minute, 1) for minute in range(0, 20 * DAY, 30)]), end)
    detector = away
    assert ticks(timedelta(hours=40), timedelta(hours=41)) == []
