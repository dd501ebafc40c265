"""Values that a group never had before."""

from __future__ import annotations

import pytest

from agent.detection.baseline import first_seen
from tests.detection.baseline.history_rows import DAY, FIRST, NewDetector, frame, month, tried


def test_a_new_value_is_told_once(new_detector: NewDetector) -> None:
    """After the learning period, with the value; what was seen before is no news."""
    detector = new_detector(FIRST)
    assert tried(detector, frame(month("A", 1))) == []
    (raised,) = tried(detector, frame([("A", 28 * DAY, 2), ("A", 28 * DAY + 1, 1), ("B", 28 * DAY, 9)]))
    assert raised["leakline.baseline.value"] == "2"
    assert "value 2 for the first time in 27 days" in raised["message"]
    assert tried(detector, frame([("A", 29 * DAY, 2), ("A", 30 * DAY, 2)])) == []


def test_one_who_makes_up_values_fills_a_part_of_the_memory_only(
    new_detector: NewDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others are still learned about, and what was left out is counted."""
    monkeypatch.setattr(first_seen, "VALUES", 50)
    detector = new_detector(FIRST)
    tried(detector, frame([*month("A", 1), *month("B", 1)]))
    assert len(tried(detector, frame([("A", 28 * DAY + n, f"x{n}") for n in range(200)]))) == 49
    assert sum(detector.baseline_engine.dropped.values()) == 151
    assert len(tried(detector, frame([("B", 28 * DAY + 300, 2)]))) == 1


def test_a_value_that_was_forgotten_is_new_again(new_detector: NewDetector) -> None:
    """When it was not seen for the length of the history."""
    text = FIRST + "  history: 20d\n"
    detector = new_detector(text)
    tried(detector, frame([*month("A", 1), ("A", 0, 7)]))
    assert len(tried(detector, frame([("A", 28 * DAY, 7)]))) == 1
