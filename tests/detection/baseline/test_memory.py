"""What baselines remember: as much as they need, the same after a restart, nothing of another shape."""

from __future__ import annotations

import pytest

from agent.detection.baseline import working_frames
from agent.detection.detector import Detector
from agent.detection.memory import stored_frame
from agent.detection.memory.frame_bytes import MAGIC
from agent.detection.rule_set import RuleSet
from tests.detection.baseline.history_rows import (
    BURST,
    DAY,
    FILES,
    NOW,
    Load,
    NewDetector,
    checked,
    frame,
    month,
    tried,
)
from tests.detection.memory_store import MemoryStore


def test_what_is_appended_is_put_together_before_it_is_twice_of_what_is_needed(
    new_detector: NewDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory is what the buckets need, whatever the number of batches and rows."""
    monkeypatch.setattr(working_frames, "SPARE", 10)
    detector = new_detector()
    for minute in range(200):
        tried(detector, frame([("A", minute // 60 * 60, 1), ("B", minute // 60 * 60, 1)]))
        (remembered,) = detector.baseline_engine._memories.values()
        held = remembered.frames["open"]
        assert held.height <= 2 * held.select("key", "slot").n_unique() + 10
        assert held["count"].sum() == 2 * minute + 2


def daily(rules: RuleSet, store: MemoryStore, days: range, detector: Detector | None = None) -> Detector:
    """Two users at work every day, a batch for each; what is remembered is in `store` too."""
    detector = detector or Detector(rules, recall=store.get)
    for day in days:
        detection = detector.detect(frame([(user, day * DAY + 9 * 60, 20) for user in "AB"]), FILES, NOW)
        store.apply(detection.remember)
        detection.commit()
    return detector


def test_what_is_read_back_is_what_was_there(loaded: Load) -> None:
    """Settled buckets are no longer open after a restart either."""
    rules, store = checked(loaded(BURST)), MemoryStore()
    before, after = daily(rules, store, range(30)), Detector(rules, recall=store.get)
    after.detect(frame([("A", 30 * DAY, 1)]), FILES, NOW)
    (held,), (read,) = before.baseline_engine._memories.values(), after.baseline_engine._memories.values()
    assert all(held.frames[name].height for name in ("open", "past"))
    for name in ("open", "past"):
        assert held.frames[name].sort("key", "slot").equals(read.frames[name].sort("key", "slot"))


def test_a_baseline_of_another_shape_begins_anew(loaded: Load) -> None:
    """Sums of hours are no past for sums of days; what was stored of them goes."""
    store, fresh = MemoryStore(), MemoryStore()
    text = BURST.replace("title: Past", "title: Past\nid: 0e4b5b1e-7b1f-4b63-bb0c-2f3f0f7a1d09")
    daily(checked(loaded(text)), store, range(30))
    rules = checked(loaded(text.replace("timespan: 1h", "timespan: 1d")))
    for kept in (store, fresh):
        detection = Detector(rules, recall=kept.get).detect(frame([("A", 30 * DAY, 5_000)]), FILES, NOW)
        kept.apply(detection.remember)
        assert not detection.alerts.height
    assert store.keys() == fresh.keys()


def test_what_is_remembered_does_not_grow_with_the_days(loaded: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the history is full, what comes and what goes are as much."""
    monkeypatch.setattr(working_frames, "SPARE", 10)
    monkeypatch.setattr(stored_frame, "MANY", 2)
    rules, store = checked(loaded(BURST + "  history: 10d\n")), MemoryStore()
    detector = daily(rules, store, range(30))
    sizes = []
    for day in range(30, 90):
        daily(rules, store, range(day, day + 1), detector)
        (remembered,) = detector.baseline_engine._memories.values()
        sizes.append((sum(frame.height for frame in remembered.frames.values()), len(store)))
    assert max(rows for rows, _ in sizes[:30]) == max(rows for rows, _ in sizes[30:])
    assert max(values for _, values in sizes[30:]) <= max(values for _, values in sizes[:30])


def test_state_is_frames_and_readable_text(new_detector: NewDetector) -> None:
    """Nothing of it is a pickle."""
    kept = new_detector().detect(frame(month("A", 20)), FILES, NOW).remember
    assert all(value and value.startswith((MAGIC, b"{")) for value in kept.values())


def test_an_alert_of_a_group_that_was_asked_for_grows(loaded: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first and last event and its users are those of all its rows, also when few rows are kept for that."""
    last = {}
    for most in (1, 10_000):
        monkeypatch.setattr(working_frames, "SOUGHT", most)
        rules, store = checked(loaded(BURST)), MemoryStore()
        detector = daily(rules, store, range(28))
        for minute in range(3):
            rows = [(user, 28 * DAY + 9 * 60 + minute, 500 * 2**minute) for user in "AB"]
            detection = detector.detect(frame(rows, **{"user.name": f"user {minute}"}), FILES, NOW)
            store.apply(detection.remember)
            detection.commit()
            for alert in detection.alerts.to_dicts():
                last[most, alert["leakline.baseline.group"]] = alert
    for most, group in last:
        alert = last[most, group]
        assert alert["related.user"] == ["user 0", "user 2"]  # the first and the last by the alphabet
        assert alert["leakline.alert.count"] == 3
        assert alert["leakline.alert.event_ids"] == [f"{group[-1]}-{28 * DAY + 9 * 60 + minute}-{'AB'.index(group[-1])}" for minute in (0, 2)]  # fmt: skip
    assert len(last) == 4
