"""What correlations remember, and which rows take no part."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import orjson
import polars as pl
import pytest

from agent.detection.correlation import thinning
from agent.detection.detector import Detector
from agent.detection.memory.frame_bytes import decoded
from tests.detection.correlation.two_rules import (
    FILES,
    NOW,
    TEN,
    frame,
    rules,
)


def test_rows_beyond_the_lateness_are_counted(folder: Path) -> None:
    """They are not taken, for their alerts are settled."""
    detector = Detector(rules("event_count", folder))
    for batch in ([(1, ("B", "a", 60 * 24 * 5, 1))], [(n, ("A", "a", n, 1)) for n in range(3, 9)]):
        detection = detector.detect(frame(batch), FILES, NOW)
        detection.commit()
    assert detection.alerts.is_empty()
    assert {reason: count for (_, reason), count in detector.correlation_engine.left_out.items()} == {"late": 6}


def test_a_time_in_the_future_settles_nothing(folder: Path) -> None:
    """Whoever writes a row of the year 2099 does not blind the correlations to what comes after it."""
    detector = Detector(rules("event_count", folder))
    now = TEN + timedelta(hours=1)
    detector.detect(frame([(1, ("B", "a", 60 * 24 * 365 * 70, 1))]), FILES, now).commit()
    assert detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3, 9)]), FILES, now).alerts.height == 1


def test_a_flood_of_keys_is_bounded_and_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows of the flood go, and what others did before it goes on to be judged."""
    monkeypatch.setattr(thinning, "ROWS", 1000)
    detector = Detector(rules("event_count", folder))
    slow = [(n, ("A", "a", 0, 1)) for n in range(2)]
    detector.detect(frame(slow), FILES, NOW).commit()
    for batch in range(4):
        flood = [(100 + batch * 1000 + n, (f"U{batch}-{n}", "a", 120 + n // 100, 1)) for n in range(800)]
        detector.detect(frame(flood), FILES, NOW).commit()
        assert (
            max(
                memory.height
                for memories in detector.correlation_engine._memories.values()
                for memory in memories.values()
            )
            <= 1000
        )
    assert sum(detector.correlation_engine.left_out.values()) > 2000
    assert {reason for _, reason in detector.correlation_engine.left_out} == {"crowded"}
    last = detector.detect(frame([(9000, ("A", "a", 5, 1))]), FILES, NOW)
    assert last.alerts["leakline.correlation.count"].to_list() == [3]


def test_one_busy_group_leaves_room_for_the_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loses its oldest rows of the hour; who did little loses nothing."""
    monkeypatch.setattr(thinning, "ROWS", 1000)
    detector = Detector(rules("event_count", folder))
    detector.detect(frame([(n, ("A", "a", 0, 1)) for n in range(2)]), FILES, NOW).commit()
    for batch in range(3):
        busy = [(100 + batch * 1000 + n, ("B", "a", n // 20, 1)) for n in range(800)]
        detector.detect(frame(busy), FILES, NOW).commit()
    last = detector.detect(frame([(9000, ("A", "a", 5, 1))]), FILES, NOW)
    assert last.alerts.filter(pl.col("leakline.correlation.group") == "USER_ID=A")["leakline.correlation.count"].to_list() == [3]  # fmt: skip


def test_state_is_readable_text_and_frames(folder: Path) -> None:
    """Nothing of it is a pickle."""
    detector = Detector(rules("event_count", folder))
    remember = detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3)]), FILES, NOW).remember
    kept = {key: value for key, value in remember.items() if value is not None}
    assert kept.keys() == remember.keys()
    frames = {key for key in kept if "/rows/" in key or (key.startswith("correlation/texts//") and "head" not in key)}
    assert len(frames) == 2
    assert all(decoded(kept[key]).height for key in frames)
    assert all(orjson.loads(kept[key]) for key in kept.keys() - frames)


def test_rows_that_take_no_part_are_counted_by_rule_and_reason(folder: Path) -> None:
    """After a restart as well: -1 is Salesforce's word for unknown, and a text is no number."""
    loaded = rules("value_sum", folder)
    store: dict[str, bytes | None] = {}
    rows = frame(
        [(1, ("", "a", 0, 1)), (2, ("A", "a", 0, -1)), (3, ("A", "a", 0, 4)), (4, ("A", "a", 60 * 24 * 99, 9))]
    )
    rows = pl.concat([rows, rows[2:3].with_columns(pl.lit("n/a").alias("VALUE"), pl.lit("5").alias("event.id"))])
    rows = pl.concat([rows, rows[2:3].with_columns(pl.lit(None).alias("@timestamp"), pl.lit("6").alias("event.id"))])
    detection = Detector(loaded).detect(rows, FILES, NOW)
    store.update(detection.remember)
    left = Detector(loaded, recall=store.get).correlation_engine.left_out
    assert {reason: rows for (_, reason), rows in left.items()} == {"no_group": 1, "no_value": 2, "no_time": 1, "future": 1}  # fmt: skip


def test_a_rule_that_became_another_begins_anew(folder: Path) -> None:
    """Rows kept for what it was before are let go."""
    store: dict[str, bytes | None] = {}
    before = Detector(rules("event_count", folder)).detect(frame([(n, ("A", "a", n, 4)) for n in range(3)]), FILES, NOW)
    store.update(before.remember)
    after = Detector(rules("value_sum", folder), recall=store.get)
    detection = after.detect(frame([(n, ("A", "a", n, 4)) for n in range(3, 5)]), FILES, NOW)
    assert detection.alerts.is_empty()
    detection.commit()
    (alert,) = after.detect(frame([(5, ("A", "a", 5, 4))]), FILES, NOW).alerts.to_dicts()
    assert alert["leakline.measure.value"] == 12.0
    assert [key for key, value in detection.remember.items() if value is None and "/alerts/" in key]


def test_a_batch_that_reaches_no_correlation_stores_only_how_far_its_source_is(folder: Path) -> None:
    """Neither rows of it nor the watermark concern one: a second event of another kind, a millisecond later."""
    detector = Detector(rules("event_count", folder))
    detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3)]), FILES, NOW).commit()
    remember = detector.detect(frame([(7, ("A", "nothing", 2, 1))]), FILES, NOW).remember
    assert not [key for key in remember if key.startswith("correlation/") and key != "correlation/newest"]


def test_a_watermark_that_moves_alone_is_stored_once_for_all_and_holds_after_a_restart(folder: Path) -> None:
    """Rows and alerts stay as they are stored; what came too late before the restart comes too late after it."""
    loaded = rules("event_count", folder)
    store: dict[str, bytes | None] = {}
    detector = Detector(loaded)
    for batch in ([(n, ("A", "a", n, 1)) for n in range(3)], [(7, ("A", "nothing", 5, 1))]):
        detection = detector.detect(frame(batch), FILES, NOW)
        detection.commit()
        store.update(detection.remember)
    stored = {key for key in detection.remember if key.startswith("correlation/")}
    assert stored == {"correlation/newest", "correlation/marks/"}
    before = detector.correlation_engine._recalled("")
    after = Detector(loaded, recall=store.get).correlation_engine._recalled("")
    assert {name: memory.mark for name, memory in after.items()} == {
        name: memory.mark for name, memory in before.items()
    }
    assert {name: memory.pieces for name, memory in after.items()} == {
        name: memory.pieces for name, memory in before.items()
    }
