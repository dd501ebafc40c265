"""Baselines end in the same alerts for any order of rows, any batches and any restarts, and these are the right ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.baseline import history as baseline_history
from agent.detection.baseline import memory as baseline_memory
from agent.detection.baseline import travel as baseline_travel
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import LogSource
from tests.detection.baseline import usual
from tests.detection.baseline.usual import PLACES, Asked, Event

FILES = LogSource("salesforce", "event_log_file")
START = datetime(2026, 7, 6, tzinfo=UTC)
"""A Monday, so that periods counted from 1970 begin at it too."""
NOW = START + timedelta(days=400)
MINUTES = 60 * 60
"""Two and a half days of events."""

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
PER_USER = "  group-by: [USER_ID]\n"
SUM = (
    PER_USER
    + "  type: volume\n  minimum-history: 4h\n  condition: {field: VALUE, gte: 3, ratio: 2, deviation: 1.5, highest: 1}\n"
)
KINDS = {
    "volume": (SUM + "  timespan: 1h\n  history: 12h\n  once-per: 4h\n", Asked()),
    "drip": (SUM + "  timespan: 3h\n  step: 1h\n  history: 12h\n  once-per: 4h\n", Asked(window=3)),
    "season": (SUM + "  timespan: 1h\n  history: 60h\n  season: hour_of_day\n  once-per: 4h\n", Asked(history=60, season=24)),
    "peers": (SUM + "  timespan: 1h\n  history: 12h\n  newcomers: peers\n  once-per: 4h\n", Asked(peers=True)),
    "first_seen": (PER_USER + "  type: first_seen\n  minimum-history: 4h\n  condition: {field: VALUE}\n", Asked()),
    "idle": (PER_USER + "  type: idle\n  timespan: 10h\n", Asked()),
    "silence": (PER_USER + "  type: silence\n  timespan: 4h\n  history: 12h\n  minimum-history: 4h\n  condition: {ratio: 1.5}\n", Asked()),
    "travel": (PER_USER + "  type: travel\n  once-per: 4h\n", Asked()),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("rules")


def rules(kind: str, folder) -> RuleSet:
    path = folder / f"{kind}.yml"
    path.write_text(RULES + KINDS[kind][0])
    loaded = load([path])
    assert not loaded.errors, loaded.errors
    return loaded


def frame(events: list[tuple[int, Event, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "event.id": [f"{number:032x}" for number, *_ in events],
            "USER_ID": [one.group or None for _, one, _ in events],
            "KIND": [kind for *_, kind in events],
            "@timestamp": [START + timedelta(minutes=one.minute) for _, one, _ in events],
            "VALUE": [str(one.value) for _, one, _ in events],
            "source.geo.location.lat": [PLACES[one.place][0] for _, one, _ in events],
            "source.geo.location.lon": [PLACES[one.place][1] for _, one, _ in events],
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC"), "USER_ID": pl.String, "VALUE": pl.String},
    )


class Store(dict):
    """The state: what was committed."""

    def apply(self, changes):
        for key, value in changes.items():
            assert value is None or len(value) < 1_000_000
            if value is None:
                self.pop(key, None)
            else:
                self[key] = value


Batch = list[tuple[int, Event, str]]


def run(loaded: RuleSet, batches: list[Batch], *, restart: bool) -> dict[str, dict]:
    """The last word on every alert. Every batch is tried twice, as after a failed transaction."""
    store = Store()
    detector = Detector(loaded, recall=store.get)
    last: dict[str, dict] = {}
    end = [(9_999_999, Event("nobody", MINUTES + 60 * 24, 0, 0), "b")]  # the watermark passes everything
    for batch in [*batches, end]:
        detector.detect(frame(batch), FILES, NOW)
        detection = detector.detect(frame(batch), FILES, NOW)
        store.apply(detection.remember)
        detection.commit()
        for row in detection.alerts.iter_rows(named=True):
            before = last.get(row["leakline.alert.id"])
            assert row["leakline.alert.revision"] == (before["leakline.alert.revision"] + 1 if before else 0)
            last[row["leakline.alert.id"]] = row
        if restart:
            detector = Detector(loaded, recall=store.get)
    assert not detector.baselining.late
    return last


EVENTS = st.lists(
    st.builds(
        Event,
        group=st.sampled_from(["A", "A", "B", "C", ""]),
        minute=st.integers(0, MINUTES - 1),
        value=st.integers(0, 6),
        place=st.integers(0, 3),
    ),
    max_size=60,
)


def minute(row, name="event.start"):
    return int((row[name] - START) / timedelta(minutes=1))


def told(kind: str, row: dict) -> tuple:
    """What the evaluator says of an alert, read from it."""
    group = row["leakline.baseline.group"].removeprefix("USER_ID=")
    count, value = row["leakline.alert.count"], row["leakline.measure.value"]
    threshold = round(row["leakline.measure.threshold"], 6)
    match kind:
        case "first_seen":
            return group, row["leakline.baseline.value"], count
        case "idle":
            return group, round(value * 24), count
        case "silence":
            over = row["leakline.baseline.silence"] == "over"
            return group, minute(row), threshold, round(value, 6) if over else None
        case "travel":
            return group, minute(row, "event.end") // 240, usual.nearly(value), count
        case _:
            began = datetime.strptime(row["leakline.baseline.window"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
            end = (began - START) / timedelta(minutes=60) + KINDS[kind][1].window - 1
            return group, int(end * 60 // 240), value, count, threshold


def expected(kind: str, events: list[Event]) -> list[tuple]:
    asked = KINDS[kind][1]
    whose = [one for one in events if one.group]
    if kind == "silence":
        return usual.silence(whose, asked, MINUTES + 60 * 24 - asked.wait)
    if kind in ("first_seen", "idle", "travel"):
        return getattr(usual, kind)(whose, asked)
    return usual.volume(whose, asked)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(events=EVENTS, others=st.lists(st.integers(0, MINUTES - 1), max_size=30), data=st.data())
def test_any_split_order_and_restart_end_in_the_alerts_of_one_look_at_everything(kind, folder, events, others, data):
    """As long as no row is later than the rule waits for; rows of other rules tell how far the source is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(baseline_history, "PEERS", 2)
        patch.setattr(baseline_travel, "GROUPS_AT_ONCE", 1)
        patch.setattr(baseline_memory, "SPARE", data.draw(st.sampled_from([0, 10_000])))
        patch.setattr(baseline_memory, "PIECES", data.draw(st.sampled_from([2, 256])))
        wait = KINDS[kind][1].wait
        delays = data.draw(st.lists(st.integers(0, wait), min_size=len(events), max_size=len(events)))
        rows = [(one.minute + delay, one, "a") for one, delay in zip(events, delays, strict=True)]
        rows += [(at, Event("A", at, 0, 0), "b") for at in others]
        order = sorted(rows, key=lambda row: row[0])
        numbered = [(number, one, matched) for number, (_, one, matched) in enumerate(order)]
        cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=8)))
        parts = [numbered[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
        batches = [[row for row in part if row[2] == matched] for part in parts for matched in "ab"]
        last = run(rules(kind, folder), batches, restart=data.draw(st.booleans()))
        found = [told(kind, row) for row in last.values()]
        assert sorted(map(str, found)) == sorted(map(str, expected(kind, events)))
