"""Correlations: what they count, when they tell, what they remember, against an obvious evaluator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection import correlating
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.rule import LogSource, RuleSet

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
SPAN = 10

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


def expected(kind: str, events: list[Event]) -> set[tuple[str, int, int, frozenset[int]]]:
    """Every window by itself: group, start, end, contributing events."""
    found = set()
    for user in {e[0] for e in events if e[0]}:
        mine = [(number, e) for number, e in enumerate(events) if e[0] == user]
        inside: set[int] = set()
        for _, last in mine:
            for begin in [last[2] - SPAN, *(e[2] for _, e in mine if last[2] - SPAN <= e[2] <= last[2])]:
                window = [(n, e) for n, e in mine if begin <= e[2] <= last[2]]
                if kind == "temporal_ordered":
                    # only windows from a first step to a second one, with no later start
                    ends = last[1] == "b" and any(e[1] == "a" and e[2] == begin < last[2] for _, e in window)
                    if not ends or any(e[1] == "a" and begin < e[2] < last[2] for _, e in window):
                        continue
                elif begin != last[2] - SPAN or not holds(kind, [e for _, e in window]):
                    continue
                inside |= {n for n, _ in window}
        cluster: list[int] = []
        for number in sorted(inside, key=lambda n: events[n][2]):
            if cluster and events[number][2] - events[cluster[-1]][2] > SPAN:
                found.add((user, events[cluster[0]][2], events[cluster[-1]][2], frozenset(cluster)))
                cluster = []
            cluster.append(number)
        if cluster:
            found.add((user, events[cluster[0]][2], events[cluster[-1]][2], frozenset(cluster)))
    return found


def holds(kind: str, window: list[Event]) -> bool:
    return {
        "event_count": len(window) >= 3,
        "value_count": len({e[3] for e in window}) >= 3,
        "value_sum": sum(e[3] for e in window) >= 9,
        "temporal": len({e[1] for e in window}) == 2,
    }[kind]


class Store(dict):
    """The state: what was committed."""

    def apply(self, changes):
        for key, value in changes.items():
            assert value is None or len(value) < 1_000_000
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value


def run(
    loaded: RuleSet, batches: list[list[tuple[int, Event]]], *, restart: bool, lateness: timedelta = timedelta(hours=30)
) -> dict[str, dict]:
    """The last word on every alert. Every batch is tried twice, as after a failed transaction."""
    store = Store()
    detector = Detector(loaded, recall=store.get, lateness={"event_log_file": lateness})
    last: dict[str, dict] = {}
    end = [(9_999_999, ("", "a", 60 * 24 * 20, 0))]  # the watermark passes everything
    for batch in [*batches, end]:
        detector.detect(frame(batch), FILES, NOW)
        detection = detector.detect(frame(batch), FILES, NOW)
        store.apply(detection.remember)
        detection.commit()
        for row in detection.alerts.iter_rows(named=True):
            last[row["leakline.alert.id"]] = row
        if restart:
            detector = Detector(loaded, recall=store.get, lateness={"event_log_file": lateness})
    return {key: row for key, row in last.items() if not row.get("leakline.alert.merged_into")}


EVENTS = st.lists(
    st.tuples(st.sampled_from(["A", "B", ""]), st.sampled_from(["a", "b"]), st.integers(0, 90), st.integers(1, 5)),
    max_size=30,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rules")


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(events=EVENTS, data=st.data())
def test_any_split_order_and_restart_end_in_the_alerts_of_one_look_at_everything(kind, folder, events, data):
    """Late rows are put in by their time, and each alert names all of its rows in the end."""
    order = data.draw(st.permutations(list(enumerate(events))))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=5)))
    batches = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    last = run(rules(kind, folder), batches, restart=data.draw(st.booleans()))
    assert told(last) == {(user, start, end, len(ids)) for user, start, end, ids in expected(kind, events)}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(start=EVENTS, steps=st.lists(st.integers(0, 9), max_size=120), data=st.data())
def test_what_is_settled_on_the_way_is_neither_lost_nor_counted_twice(kind, folder, start, steps, data):
    """Alerts that go on for hours, while the rows at their beginning are let go."""
    minute, events = 0, []
    for place, step in enumerate(steps):
        minute += step
        user, what, _, value = start[place % len(start)] if start else ("A", "ab"[place % 2], 0, 2)
        events.append((user, what, minute, value))
    order = list(enumerate(events))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=8)))
    batches = [order[a:b] for a, b in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    last = run(rules(kind, folder), batches, restart=data.draw(st.booleans()), lateness=timedelta())
    assert told(last) == {(user, start, end, len(ids)) for user, start, end, ids in expected(kind, events)}


def told(last: dict[str, dict]) -> set[tuple[str, int, int, int]]:
    """Group, start and end in minutes, count."""
    return {
        (
            row["leakline.correlation.group"].removeprefix("USER_ID="),
            int((row["event.start"] - TEN).total_seconds() // 60),
            int((row["event.end"] - TEN).total_seconds() // 60),
            row["leakline.correlation.count"],
        )
        for row in last.values()
    }


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(events=EVENTS)
def test_one_batch_names_the_contributing_events(kind, folder, events):
    """All of them, and none that is in no window in which the condition held."""
    alerts = Detector(rules(kind, folder)).detect(frame(list(enumerate(events))), FILES, NOW).alerts
    found = {frozenset(int(one, 16) for one in row["leakline.alert.event_ids"]) for row in alerts.iter_rows(named=True)}
    assert found == {ids for *_, ids in expected(kind, events)}


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


def test_rows_beyond_the_lateness_are_counted(folder):
    """They are not taken, for their alerts are settled."""
    detector = Detector(rules("event_count", folder))
    for batch in ([(1, ("B", "a", 60 * 24 * 5, 1))], [(n, ("A", "a", n, 1)) for n in range(3, 9)]):
        detection = detector.detect(frame(batch), FILES, NOW)
        detection.commit()
    assert detection.alerts.is_empty()
    assert sum(detector.correlating.late.values()) == 6


def test_a_time_in_the_future_settles_nothing(folder):
    """Whoever writes a row of the year 2099 does not blind the correlations to what comes after it."""
    detector = Detector(rules("event_count", folder))
    now = TEN + timedelta(hours=1)
    detector.detect(frame([(1, ("B", "a", 60 * 24 * 365 * 70, 1))]), FILES, now).commit()
    assert detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3, 9)]), FILES, now).alerts.height == 1


def test_a_flood_of_keys_is_bounded_and_counted(folder, monkeypatch):
    """The oldest rows go, and the newest go on to be judged."""
    monkeypatch.setattr(correlating, "ROWS", 1000)
    detector = Detector(rules("event_count", folder))
    for batch in range(4):
        flood = [(batch * 1000 + n, (f"U{batch}-{n}", "a", batch * 60 + n // 20, 1)) for n in range(800)]
        detector.detect(frame(flood), FILES, NOW).commit()
    assert sum(detector.correlating.dropped.values()) > 0
    kept = [memory.rows.height for memory in detector.correlating._memories.values()]
    assert max(kept) <= 1000
    late = detector.detect(frame([(9000 + n, ("A", "a", 3 * 60 + 50, 1)) for n in range(3)]), FILES, NOW)
    assert late.alerts.height == 1


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


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("[first, second]", "[first, third]", 16, "there is no rule third"),
        ("[first, second]", "[first, both]", 16, "there is no rule both"),
        ("timespan: 10m", "timespan: 10x", 18, "no span of time"),
        ("{gte: 3}", "{lt: 3}", 20, "only a lower bound"),
        ("{gte: 3}", "{gte: 3, lt: 9}", 20, "only a lower bound"),
        ("{gte: 3}", "{gte: 3, field: X}", 20, "names no field"),
        ("type: event_count", "type: value_median", 19, "are not evaluated"),
        ("timespan: 10m", "timespan: 10m\n  aliases: {who: {first: A}}", 19, "not in group-by"),
        ("name: both", "name: first", 11, "first is taken by"),
        ("timespan: 10m", "timespan: 10m\n  windw: 3", 19, "no key `windw`"),
    ],
)
def test_a_wrong_correlation_is_refused_with_its_line(folder, old, new, line, words):
    """The rules beside it run."""
    path = folder / "wrong.yml"
    path.write_text((BASES + KINDS["event_count"]).replace(old, new).lstrip("\n"))
    loaded = load([path])
    assert [(error.line, words in str(error)) for error in loaded.errors] == [(line, True)], loaded.errors
    assert len(loaded.rules) == 2
    assert not loaded.correlations


def test_selected_rules_keep_what_feeds_them(folder):
    """The least level is asked of the correlation, not of its bases."""
    loaded = rules("temporal", folder)
    assert [rule.name for rule in loaded.selected(minimum="high").rules] == ["first", "second"]
    assert not loaded.selected(minimum="high", without=["both"]).rules


def test_state_is_readable_text_and_frames(folder):
    """Nothing of it is a pickle."""
    detector = Detector(rules("event_count", folder))
    kept = detector.detect(frame([(n, ("A", "a", n, 1)) for n in range(3)]), FILES, NOW).remember
    assert {key.split("/")[-2] for key in kept if key.count("/") > 1} == {"rows", "alerts"}
    assert all(orjson.loads(value) for key, value in kept.items() if "/alerts/" in key)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("restart", [False, True])
def test_an_alert_that_goes_on_for_hours_counts_all_its_rows(kind, folder, restart):
    """Its first rows were let go long before its last one came."""
    events = [("A", "ab"[n % 2], n * 2, n % 5 + 1) for n in range(240)]
    rows = list(enumerate(events))
    batches = [rows[at : at + 7] for at in range(0, len(rows), 7)]
    last = run(rules(kind, folder), batches, restart=restart, lateness=timedelta())
    assert told(last) == {(user, start, end, len(ids)) for user, start, end, ids in expected(kind, events)}
