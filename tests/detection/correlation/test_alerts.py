"""When alerts of correlations are raised and revised, and what they say."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.sigma.log_source import LogSource
from tests.detection.correlation.two_rules import (
    BOTH,
    FILES,
    NOW,
    TEN,
    TWO_RULES,
    alert_counts,
    frame,
    rules,
)


def test_an_alert_goes_out_at_once_and_is_revised_under_its_id(folder: Path) -> None:
    """A revision has an id of its own, so that no destination takes it for the alert again."""
    detector = Detector(rules("event_count", folder))
    first = detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3)]), FILES, NOW)
    first.commit()
    second = detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3, 6)]), FILES, NOW)
    (raised,), (revised,) = first.alerts.to_dicts(), second.alerts.to_dicts()
    assert (raised["event.action"], revised["event.action"]) == ("alert-raised", "alert-revised")
    assert raised["event.id"] == raised["leakline.alert.id"] == revised["leakline.alert.id"] != revised["event.id"]
    assert (raised["leakline.correlation.count"], revised["leakline.correlation.count"]) == (3, 6)
    assert (revised["leakline.measure.value"], revised["leakline.measure.threshold"]) == (6.0, 3.0)
    assert raised["rule.name"] == "Both"
    assert raised["event.severity"] == 75


def test_an_order_told_early_ends_as_one_told_late(folder: Path) -> None:
    """Whether the second beginning comes before the end of the order or after it was told."""
    loaded = rules("temporal_ordered", folder)
    early, between, end = (1, ("A", "a", 0, 1)), (2, ("A", "a", 3, 1)), (3, ("A", "b", 5, 1))
    for batches in ([[early, between, end]], [[early, end], [between]], [[between, end], [early]]):
        detector = Detector(loaded)
        alerts: list[dict[str, Any]] = []
        for batch in (*batches, [(9, ("B", "c", 60 * 24 * 9, 1))]):
            detection = detector.detect(frame(batch), FILES, NOW)
            detection.commit()
            alerts += detection.alerts.to_dicts()
        assert alerts[-1]["leakline.alert.event_ids"] == [f"{number:032x}" for number in (1, 2, 3)]


def test_a_change_is_told_after_a_quarter_of_an_hour(folder: Path) -> None:
    """By any batch, an empty one or one of another org, and after a restart; then there is nothing more to tell."""
    loaded = rules("event_count", folder)
    store: dict[str, bytes | None] = {}
    detector = Detector(loaded, recall=store.get)

    def tell(rows: pl.DataFrame, minutes: int, detector: Detector) -> list[dict[str, Any]]:
        detection = detector.detect(rows, FILES, NOW + timedelta(minutes=minutes))
        store.update(detection.remember)
        detection.commit()
        return detection.alerts.to_dicts()

    assert len(tell(frame([(n, ("A", "a", n, 1)) for n in range(4)]), 0, detector)) == 1
    assert tell(frame([(4, ("A", "a", 4, 1))]), 1, detector) == []
    assert tell(pl.DataFrame(), 15, detector) == []
    again = Detector(loaded, recall=store.get)
    (revised,) = tell(pl.DataFrame(), 16, again)
    assert (revised["event.action"], revised["leakline.correlation.count"]) == ("alert-revised", 5)
    assert revised["leakline.alert.last_event_id"] == f"{4:032x}"
    assert tell(pl.DataFrame(), 40, again) == []


STREAM = LogSource("salesforce", "real_time_event_monitoring")
UNHEARD = BOTH.replace("name: second\nlogsource: {product: salesforce, service: event_log_file}",
                        "name: second\nlogsource: {product: salesforce, service: real_time_event_monitoring}") \
    + "  type: temporal\n  condition: first and not second\n"  # fmt: skip


def test_what_must_not_be_there_is_waited_for(folder: Path) -> None:
    """Until the watermark of every log source that could bring it has passed the window, and no longer."""
    first, later = [(1, ("A", "a", 0, 1))], [(2, ("B", "c", 60 * 31, 1))]
    streamed, late = [(3, ("B", "c", 60 * 7, 1))], [(4, ("A", "b", 5, 1))]
    seen = [(9, ("B", "c", 0, 1))]
    assert alert_counts(UNHEARD, folder, (first, FILES, 1), (seen, STREAM, 1), (later, FILES, 40), (streamed, STREAM, 40)) == [0, 0, 0, 1]  # fmt: skip
    assert alert_counts(UNHEARD, folder, (first, FILES, 1), (seen, STREAM, 1), (streamed, STREAM, 40), (later, FILES, 40)) == [0, 0, 0, 1]  # fmt: skip
    assert alert_counts(UNHEARD, folder, (first, FILES, 1), (late, STREAM, 2), (later, FILES, 40), (streamed, STREAM, 40)) == [0, 0, 0, 0]  # fmt: skip


def test_an_alert_names_what_it_counted(folder: Path) -> None:
    """Who and from where, the first and the last event, the condition and the value beside it."""
    rows = frame([(n, ("A", "a", n, 3)) for n in range(150)]).with_columns(
        pl.concat_str(pl.lit("u"), "VALUE").alias("user.name"),
        pl.concat_str(pl.lit("198.51.100."), pl.int_range(pl.len())).alias("source.ip"),
    )
    (alert,) = Detector(rules("value_sum", folder)).detect(rows, FILES, NOW).alerts.to_dicts()
    assert (alert["leakline.correlation.count"], len(alert["leakline.alert.event_ids"])) == (150, 100)
    assert alert["leakline.alert.first_event_id"] == alert["leakline.alert.event_ids"][0] == f"{0:032x}"
    assert (alert["leakline.alert.last_event_id"], alert["event.end"]) == (f"{149:032x}", TEN + timedelta(minutes=149))
    assert (alert["user.name"], len(alert["related.ip"])) == ("u3", 20)
    assert (alert["leakline.measure.value"], alert["leakline.measure.threshold"]) == (33.0, 9.0)
    assert alert["leakline.correlation.condition"] == "gte 9"
    assert "source.ip" not in alert


def test_an_alert_about_one_user_has_the_id_that_events_have(folder: Path) -> None:
    """Rows without a name leave the id; what makes it long is handed in."""
    rows = frame([(n, ("A", "a", n, 3)) for n in range(3)]).with_columns(pl.lit("005Hs000003T2I1").alias("user.id"))
    detector = Detector(rules("value_sum", folder), long_ids=lambda ids: ids + "AAI")
    (alert,) = detector.detect(rows, FILES, NOW).alerts.to_dicts()
    assert alert["user.id"] == "005Hs000003T2I1AAI"
    assert "user.name" not in alert


TWICE = (
    TWO_RULES
    + """title: Alone
name: alone
correlation: {type: temporal, rules: [first, second], group-by: [USER_ID], timespan: 10m, condition: first and not second}
---
title: Top
correlation: {type: temporal, rules: [alone, first], group-by: [USER_ID], timespan: 1h, condition: {gte: 1}}
"""
)


def test_an_event_that_counts_for_another_rule_later_is_measured_anew(folder: Path) -> None:
    """What was known of it early, and what only the end of a window told, end in the value of one look at both."""
    path = folder / "twice.yml"
    path.write_text(TWICE)
    event, later = (1, ("A", "a", 0, 1)), (9, ("B", "c", 60 * 24 * 20, 1))
    for batches in ([[event], [later]], [[event, later]]):
        detector = Detector(load([path]))
        alerts: list[dict[str, Any]] = []
        for batch in batches:
            detection = detector.detect(frame(batch), FILES, NOW)
            detection.commit()
            alerts += detection.alerts.to_dicts()
        assert (alerts[-1]["leakline.measure.value"], alerts[-1]["leakline.correlation.count"]) == (2, 1)
