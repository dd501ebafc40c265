"""What a baseline waits for, what is too late, and what a batch without rows settles."""

from __future__ import annotations

from agent.detection.detector import Detector
from agent.detection.sigma.log_source import LogSource
from tests.detection.baseline.history_rows import (
    BURST,
    DAY,
    FILES,
    FIRST,
    NOW,
    Load,
    NewDetector,
    checked,
    frame,
    month,
    tried,
)
from tests.detection.memory_store import MemoryStore


def test_rows_beyond_the_wait_are_counted(new_detector: NewDetector) -> None:
    """They are not taken, for what they would change was told."""
    detector = new_detector()
    tried(detector, frame([("A", 10 * DAY, 1)]))
    tried(detector, frame([("A", 5 * DAY, 1)]))
    assert sum(detector.baseline_engine.late.values()) == 1


def test_a_source_that_is_behind_is_waited_for(loaded: Load) -> None:
    """Rows of the faster one are judged once the slower one is as far, restarts between them."""
    text = BURST.replace(", service: event_log_file", "")
    rules, store = checked(loaded(text)), MemoryStore()
    alerts = []
    for source, rows in (
        (FILES, frame(month("A", 20))),
        (LogSource("salesforce", "login_history"), frame([("A", 29 * DAY, 500)])),
        (FILES, frame([("B", 30 * DAY, 1)])),
    ):
        detection = Detector(rules, recall=store.get).detect(rows, source, NOW)
        store.apply(detection.remember)
        alerts.append(detection.alerts.height)
    assert alerts == [0, 0, 1]


def test_a_batch_without_rows_that_settles_nothing_writes_nothing(new_detector: NewDetector) -> None:
    """Only how far the source is."""
    detector = new_detector()
    tried(detector, frame([*month("A", 20), ("A", 28 * DAY + 9 * 60, 500)]))

    def written(minute: int) -> set[str]:
        detection = detector.detect(frame([("A", minute, 1)], KIND="b"), FILES, NOW)
        detection.commit()
        return {key for key in detection.remember if key.startswith(("baseline/", "sources"))}

    assert written(28 * DAY + 9 * 60 + 30) == {"sources"}
    assert written(29 * DAY + 9 * 60 + 30) > {"sources"}


def test_an_alert_that_closes_is_told_by_a_batch_without_rows(new_detector: NewDetector) -> None:
    """Within the hour too: what grew since it was told is told then."""
    detector = new_detector(FIRST.replace("wait: 2h", "wait: 125m"))
    at = 28 * DAY
    tried(detector, frame(month("A", 1)))
    tried(detector, frame([("A", at, 2), ("A", at + 1, 2)]))
    tried(detector, frame([("A", at + 2, 2)]))
    assert tried(detector, frame([("A", at + 245, 9)], KIND="b")) == []
    (revised,) = tried(detector, frame([("A", at + 255, 9)], KIND="b"))
    assert (revised["event.action"], revised["leakline.alert.count"]) == ("alert-revised", 3)


def test_rows_that_wait_are_taken_by_a_batch_without_rows(loaded: Load) -> None:
    """Within the hour too, restarts between them."""
    text = BURST.replace(", service: event_log_file", "").replace("timespan: 1h", "timespan: 1h\n  wait: 2h")
    rules, store = checked(loaded(text)), MemoryStore()
    alerts = []
    at = 28 * DAY + 9 * 60
    for source, rows in (
        (FILES, frame(month("A", 20))),
        (FILES, frame([("B", at + 10, 1)])),
        (LogSource("salesforce", "login_history"), frame([("A", at + 20, 500)])),
        (FILES, frame([("B", at + 25, 1)], KIND="b")),
    ):
        detection = Detector(rules, recall=store.get).detect(rows, source, NOW)
        store.apply(detection.remember)
        alerts.append(detection.alerts.height)
    assert alerts == [0, 0, 0, 1]
