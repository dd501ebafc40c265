"""Correlations: when they tell, what they say, what they remember. What they count: `test_correlation_types`."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import orjson
import polars as pl
import pytest

from agent.detection.correlation import thinning
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource

FILES = LogSource("salesforce", "event_log_file")
TEN = datetime(2026, 7, 1, 10, tzinfo=UTC)
NOW = TEN + timedelta(days=30)

BASES = """
title: First
name: first
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: a}, condition: sel}
---
title: Second
name: second
logsource: {product: salesforce, service: event_log_file}
detection: {sel: {KIND: b}, condition: sel}
---
title: Both
id: 6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c20
name: both
level: high
correlation:
  rules: [first, second]
  group-by: [USER_ID]
  timespan: 10m
"""
KINDS = {
    "event_count": "  type: event_count\n  condition: {gte: 3}\n",
    "value_count": "  type: value_count\n  condition: {field: VALUE, gte: 3}\n",
    "value_sum": "  type: value_sum\n  condition: {field: VALUE, gte: 9}\n",
    "temporal": "  type: temporal\n",
    "temporal_ordered": "  type: temporal_ordered\n",
}
Event = tuple[str, str, int, int]
"""User, kind, minutes after ten, value."""


def rules(kind: str, folder) -> RuleSet:
    path = folder / f"{kind}.yml"
    path.write_text(BASES + KINDS[kind])
    loaded = load([path])
    assert not loaded.errors
    return loaded


def frame(events: list[tuple[int, Event]]) -> pl.DataFrame:
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rules")


def test_an_alert_goes_out_at_once_and_is_revised_under_its_id(folder):
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


def test_an_order_told_early_ends_as_one_told_late(folder):
    """Whether the second beginning comes before the end of the order or after it was told."""
    loaded = rules("temporal_ordered", folder)
    early, between, end = (1, ("A", "a", 0, 1)), (2, ("A", "a", 3, 1)), (3, ("A", "b", 5, 1))
    for batches in ([[early, between, end]], [[early, end], [between]], [[between, end], [early]]):
        detector, said = Detector(loaded), []
        for batch in (*batches, [(9, ("B", "c", 60 * 24 * 9, 1))]):
            detection = detector.detect(frame(batch), FILES, NOW)
            detection.commit()
            said += detection.alerts.to_dicts()
        assert said[-1]["leakline.alert.event_ids"] == [f"{number:032x}" for number in (1, 2, 3)]


def test_rows_beyond_the_lateness_are_counted(folder):
    """They are not taken, for their alerts are settled."""
    detector = Detector(rules("event_count", folder))
    for batch in ([(1, ("B", "a", 60 * 24 * 5, 1))], [(n, ("A", "a", n, 1)) for n in range(3, 9)]):
        detection = detector.detect(frame(batch), FILES, NOW)
        detection.commit()
    assert detection.alerts.is_empty()
    assert {reason: count for (_, reason), count in detector.correlating.left_out.items()} == {"late": 6}


def test_a_time_in_the_future_settles_nothing(folder):
    """Whoever writes a row of the year 2099 does not blind the correlations to what comes after it."""
    detector = Detector(rules("event_count", folder))
    now = TEN + timedelta(hours=1)
    detector.detect(frame([(1, ("B", "a", 60 * 24 * 365 * 70, 1))]), FILES, now).commit()
    assert detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3, 9)]), FILES, now).alerts.height == 1


def test_a_flood_of_keys_is_bounded_and_counted(folder, monkeypatch):
    """The rows of the flood go, and what others did before it goes on to be judged."""
    monkeypatch.setattr(thinning, "ROWS", 1000)
    detector = Detector(rules("event_count", folder))
    slow = [(n, ("A", "a", 0, 1)) for n in range(2)]
    detector.detect(frame(slow), FILES, NOW).commit()
    for batch in range(4):
        flood = [(100 + batch * 1000 + n, (f"U{batch}-{n}", "a", 120 + n // 100, 1)) for n in range(800)]
        detector.detect(frame(flood), FILES, NOW).commit()
        assert max(memory.height for memory in detector.correlating._memories.values()) <= 1000
    assert sum(detector.correlating.left_out.values()) > 2000
    assert {reason for _, reason in detector.correlating.left_out} == {"crowded"}
    last = detector.detect(frame([(9000, ("A", "a", 5, 1))]), FILES, NOW)
    assert last.alerts["leakline.correlation.count"].to_list() == [3]


def test_one_busy_group_leaves_room_for_the_others(folder, monkeypatch):
    """It loses its oldest rows of the hour; who did little loses nothing."""
    monkeypatch.setattr(thinning, "ROWS", 1000)
    detector = Detector(rules("event_count", folder))
    detector.detect(frame([(n, ("A", "a", 0, 1)) for n in range(2)]), FILES, NOW).commit()
    for batch in range(3):
        busy = [(100 + batch * 1000 + n, ("B", "a", n // 20, 1)) for n in range(800)]
        detector.detect(frame(busy), FILES, NOW).commit()
    last = detector.detect(frame([(9000, ("A", "a", 5, 1))]), FILES, NOW)
    assert last.alerts.filter(pl.col("leakline.correlation.group") == "USER_ID=A")["leakline.correlation.count"].to_list() == [3]  # fmt: skip


def test_orgs_are_kept_apart(folder):
    """Rows of two orgs never add up."""
    detector = Detector(rules("event_count", folder))
    for number, org in enumerate(["00D1", "00D2"]):
        rows = frame([(number * 10 + n, ("A", "a", n, 1)) for n in range(2)])
        detection = detector.detect(rows.with_columns(pl.lit(org).alias("organization.id")), FILES, NOW)
        assert detection.alerts.is_empty()
        detection.commit()


def test_the_rules_behind_a_correlation_are_silent_unless_it_says_generate(folder):
    """As Sigma has it."""
    text = BASES + KINDS["event_count"]
    for generate, alerts in (("false", 0), ("true", 1)):
        path = folder / "generate.yml"
        path.write_text(f"{text}  generate: {generate}\n")
        found = Detector(load([path])).detect(frame([(1, ("A", "a", 0, 1))]), FILES, NOW).alerts
        assert found.height == alerts


def test_selected_rules_keep_what_feeds_them(folder):
    """The least level is asked of the correlation, not of its bases."""
    loaded = rules("temporal", folder)
    assert [rule.name for rule in loaded.selected(minimum="high").rules] == ["first", "second"]
    assert not loaded.selected(minimum="high", without=["both"]).rules


def test_state_is_readable_text_and_frames(folder):
    """Nothing of it is a pickle."""
    detector = Detector(rules("event_count", folder))
    kept = detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3)]), FILES, NOW).remember
    frames = {key for key in kept if "/rows/" in key or (key.startswith("correlation/texts//") and "head" not in key)}
    assert len(frames) == 2
    assert all(pl.read_ipc(io.BytesIO(kept[key])).height for key in frames)
    assert all(orjson.loads(kept[key]) for key in kept.keys() - frames)


def test_a_change_is_told_after_a_quarter_of_an_hour(folder):
    """By any batch, an empty one or one of another org, and after a restart; then there is nothing more to tell."""
    loaded, store = rules("event_count", folder), {}
    detector = Detector(loaded, recall=store.get)

    def tell(rows: pl.DataFrame, minutes: int, detector: Detector) -> list[dict]:
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


def told(text: str, folder, *batches: tuple[list[tuple[int, Event]], LogSource, int]) -> list[int]:
    """How many alerts each batch brings. A batch: rows, log source, hours after ten of the clock."""
    path = folder / "own.yml"
    path.write_text(text)
    loaded = load([path])
    assert not loaded.errors, loaded.errors
    detector, counts = Detector(loaded), []
    for rows, source, hours in batches:
        detection = detector.detect(frame(rows), source, TEN + timedelta(hours=hours))
        detection.commit()
        counts.append(detection.alerts.height)
    return counts


STREAM = LogSource("salesforce", "real_time_event_monitoring")
UNHEARD = BASES.replace("name: second\nlogsource: {product: salesforce, service: event_log_file}",
                        "name: second\nlogsource: {product: salesforce, service: real_time_event_monitoring}") \
    + "  type: temporal\n  condition: first and not second\n"  # fmt: skip


def test_what_must_not_be_there_is_waited_for(folder):
    """Until the watermark of every log source that could bring it has passed the window, and no longer."""
    first, later = [(1, ("A", "a", 0, 1))], [(2, ("B", "c", 60 * 31, 1))]
    streamed, late = [(3, ("B", "c", 60 * 7, 1))], [(4, ("A", "b", 5, 1))]
    seen = [(9, ("B", "c", 0, 1))]
    assert told(UNHEARD, folder, (first, FILES, 1), (seen, STREAM, 1), (later, FILES, 40), (streamed, STREAM, 40)) == [0, 0, 0, 1]  # fmt: skip
    assert told(UNHEARD, folder, (first, FILES, 1), (seen, STREAM, 1), (streamed, STREAM, 40), (later, FILES, 40)) == [0, 0, 0, 1]  # fmt: skip
    assert told(UNHEARD, folder, (first, FILES, 1), (late, STREAM, 2), (later, FILES, 40), (streamed, STREAM, 40)) == [0, 0, 0, 0]  # fmt: skip


CHAIN = (
    BASES
    + """  type: event_count
  condition: {gte: 2}
---
title: Several
name: several
correlation: {type: value_count, rules: [both], timespan: 1h, condition: {field: USER_ID, gte: 2}}
"""
)


@pytest.mark.parametrize(("where", "alerts"), [("", 1), ("generate: true\n", 3)])
def test_a_correlation_of_another_is_silent_unless_asked(folder, where, alerts):
    """`generate` may stand beside `correlation`, as in the specification's schema."""
    rows = [(n, ("AB"[n % 2], "a", n, 1)) for n in range(4)]
    assert told(CHAIN + where, folder, (rows, FILES, 1)) == [alerts]


def test_rows_that_take_no_part_are_counted_by_rule_and_reason(folder):
    """After a restart as well: -1 is Salesforce's word for unknown, and a text is no number."""
    loaded, store = rules("value_sum", folder), {}
    rows = frame(
        [(1, ("", "a", 0, 1)), (2, ("A", "a", 0, -1)), (3, ("A", "a", 0, 4)), (4, ("A", "a", 60 * 24 * 99, 9))]
    )
    rows = pl.concat([rows, rows[2:3].with_columns(pl.lit("n/a").alias("VALUE"), pl.lit("5").alias("event.id"))])
    rows = pl.concat([rows, rows[2:3].with_columns(pl.lit(None).alias("@timestamp"), pl.lit("6").alias("event.id"))])
    detection = Detector(loaded).detect(rows, FILES, NOW)
    store.update(detection.remember)
    left = Detector(loaded, recall=store.get).correlating.left_out
    assert {reason: rows for (_, reason), rows in left.items()} == {"no_group": 1, "no_value": 2, "no_time": 1, "future": 1}  # fmt: skip


def test_an_alert_names_what_it_counted(folder):
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


def test_a_rule_that_became_another_begins_anew(folder):
    """Rows kept for what it was before are let go."""
    store = {}
    before = Detector(rules("event_count", folder)).detect(frame([(n, ("A", "a", n, 4)) for n in range(3)]), FILES, NOW)
    store.update(before.remember)
    after = Detector(rules("value_sum", folder), recall=store.get)
    detection = after.detect(frame([(n, ("A", "a", n, 4)) for n in range(3, 5)]), FILES, NOW)
    assert detection.alerts.is_empty()
    detection.commit()
    (alert,) = after.detect(frame([(5, ("A", "a", 5, 4))]), FILES, NOW).alerts.to_dicts()
    assert alert["leakline.measure.value"] == 12.0
    assert [key for key, value in detection.remember.items() if value is None and "/alerts/" in key]


def test_an_alert_about_one_user_has_the_id_that_events_have(folder):
    """Rows without a name leave the id; what makes it long is handed in."""
    rows = frame([(n, ("A", "a", n, 3)) for n in range(3)]).with_columns(pl.lit("005Hs000003T2I1").alias("user.id"))
    detector = Detector(rules("value_sum", folder), long_ids=lambda ids: ids + "AAI")
    (alert,) = detector.detect(rows, FILES, NOW).alerts.to_dicts()
    assert alert["user.id"] == "005Hs000003T2I1AAI"
    assert "user.name" not in alert


TWICE = (
    BASES.split("---\ntitle: Both")[0]
    + """---
title: Alone
name: alone
correlation: {type: temporal, rules: [first, second], group-by: [USER_ID], timespan: 10m, condition: first and not second}
---
title: Top
correlation: {type: temporal, rules: [alone, first], group-by: [USER_ID], timespan: 1h, condition: {gte: 1}}
"""
)


def test_an_event_that_counts_for_another_rule_later_is_measured_anew(folder):
    """What was known of it early, and what only the end of a window told, end in the value of one look at both."""
    path = folder / "twice.yml"
    path.write_text(TWICE)
    event, later = (1, ("A", "a", 0, 1)), (9, ("B", "c", 60 * 24 * 20, 1))
    for batches in ([[event], [later]], [[event, later]]):
        detector, said = Detector(load([path])), []
        for batch in batches:
            detection = detector.detect(frame(batch), FILES, NOW)
            detection.commit()
            said += detection.alerts.to_dicts()
        assert (said[-1]["leakline.measure.value"], said[-1]["leakline.correlation.count"]) == (2, 1)
