"""Baselines end in the same alerts for any order of rows, any batches and any restarts, and these are the right ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.baseline import buckets, first_seen, history, idle, silence, travel, windows, working_frames
from agent.detection.baseline import rows as rows_module
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.detection.memory import stored_frame
from agent.detection.rule_set import RuleSet
from tests.detection.baseline import naive
from tests.detection.baseline.history_rows import FILES, NOW, RULES, START
from tests.detection.baseline.naive import PLACES, Event, Finding, RuleNumbers
from tests.detection.memory_store import MemoryStore

MINUTES = 60 * 60
"""Two and a half days of events."""

PER_USER = "  group-by: [USER_ID]\n"
SUM = (
    PER_USER
    + "  type: volume\n  minimum-history: 4h\n  condition: {field: VALUE, gte: 3, ratio: 2, deviation: 1.5, highest: 1}\n"
)
KINDS = {
    "volume": (SUM + "  timespan: 1h\n  history: 12h\n  once-per: 4h\n", RuleNumbers()),
    "drip": (SUM + "  timespan: 3h\n  step: 1h\n  history: 12h\n  once-per: 4h\n", RuleNumbers(window=3)),
    "season": (SUM + "  timespan: 1h\n  history: 60h\n  season: hour_of_day\n  once-per: 4h\n", RuleNumbers(history=60, season=24)),
    "peers": (SUM + "  timespan: 1h\n  history: 12h\n  newcomers: peers\n  once-per: 4h\n", RuleNumbers(peers=True)),
    "first_seen": (PER_USER + "  type: first_seen\n  minimum-history: 4h\n  condition: {field: VALUE}\n", RuleNumbers()),
    "idle": (PER_USER + "  type: idle\n  timespan: 10h\n", RuleNumbers()),
    "silence": (PER_USER + "  type: silence\n  timespan: 4h\n  history: 12h\n  minimum-history: 4h\n  condition: {ratio: 1.5}\n", RuleNumbers()),
    "travel": (PER_USER + "  type: travel\n  once-per: 4h\n", RuleNumbers()),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rules")


def rules(kind: str, folder: Path) -> RuleSet:
    path = folder / f"{kind}.yml"
    path.write_text(RULES + KINDS[kind][0])
    loaded = load([path])
    assert not loaded.errors, loaded.errors
    return loaded


def frame(events: list[tuple[int, Event, str]]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "event.id": [f"{number:032x}" for number, *_ in events],
            "USER_ID": [event.group or None for _, event, _ in events],
            "KIND": [kind for *_, kind in events],
            "@timestamp": [START + timedelta(minutes=event.minute) for _, event, _ in events],
            "VALUE": [str(event.value) for _, event, _ in events],
            "source.geo.location.lat": [PLACES[event.place][0] for _, event, _ in events],
            "source.geo.location.lon": [PLACES[event.place][1] for _, event, _ in events],
        },
        schema_overrides={"@timestamp": pl.Datetime("ms", "UTC"), "USER_ID": pl.String, "VALUE": pl.String},
    )


Batch = list[tuple[int, Event, str]]


def run(loaded: RuleSet, batches: list[Batch], *, restart: bool) -> dict[str, dict[str, Any]]:
    """The last word on every alert. Every batch is tried twice, as after a failed transaction."""
    store = MemoryStore()
    detector = Detector(loaded, recall=store.get)
    last: dict[str, dict[str, Any]] = {}
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
    assert not detector.baseline_engine.late
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


def minute(row: dict[str, Any], name: str = "event.start") -> int:
    return int((row[name] - START) / timedelta(minutes=1))


def finding(kind: str, row: dict[str, Any]) -> Finding:
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
            return group, minute(row, "event.end") // 240, naive.nearly(value), count
        case _:
            began = datetime.strptime(row["leakline.baseline.window"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
            end = (began - START) / timedelta(minutes=60) + KINDS[kind][1].window - 1
            return group, int(end * 60 // 240), value, count, threshold


def expected(kind: str, events: list[Event]) -> list[Finding]:
    asked = KINDS[kind][1]
    whose = [event for event in events if event.group]
    if kind == "silence":
        return naive.silence(whose, asked, MINUTES + 60 * 24 - asked.wait)
    evaluators = {"first_seen": naive.first_seen, "idle": naive.idle, "travel": naive.travel}
    return evaluators.get(kind, naive.volume)(whose, asked)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None)
@given(events=EVENTS, unmatched=st.lists(st.integers(0, MINUTES - 1), max_size=30), data=st.data())
def test_any_split_order_and_restart_end_in_the_alerts_of_one_look_at_everything(
    kind: str, folder: Path, events: list[Event], unmatched: list[int], data: st.DataObject
) -> None:
    """As long as no row is later than the rule waits for; rows of other rules tell how far the source is."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "PEERS", 2)
        patch.setattr(travel, "GROUPS_AT_ONCE", 1)
        patch.setattr(working_frames, "SPARE", data.draw(st.sampled_from([0, 10_000])))
        patch.setattr(stored_frame, "MANY", data.draw(st.sampled_from([1, 8])))
        small = data.draw(st.sampled_from([0, 256]))
        for module in (rows_module, buckets, first_seen, idle, silence):
            patch.setattr(module, "SMALL", small)
        few = data.draw(st.sampled_from([0, 2_000]))
        for module in (windows, history):
            patch.setattr(module, "FEW", few)
        wait = KINDS[kind][1].wait
        delays = data.draw(st.lists(st.integers(0, wait), min_size=len(events), max_size=len(events)))
        rows = [(event.minute + delay, event, "a") for event, delay in zip(events, delays, strict=True)]
        rows += [(at, Event("A", at, 0, 0), "b") for at in unmatched]
        order = sorted(rows, key=lambda row: row[0])
        numbered = [(number, event, matched) for number, (_, event, matched) in enumerate(order)]
        cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=8)))
        parts = [numbered[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
        batches = [[row for row in part if row[2] == matched] for part in parts for matched in "ab"]
        last = run(rules(kind, folder), batches, restart=data.draw(st.booleans()))
        found = [finding(kind, row) for row in last.values()]
        assert sorted(map(str, found)) == sorted(map(str, expected(kind, events)))
