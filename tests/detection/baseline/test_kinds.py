"""Kinds of baseline are interchangeable: another one is a file and a line in the table, and nobody asks for its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

import agent
from agent.columns.timestamp import HOUR
from agent.detection.authoring.coverage import Availability, reasons
from agent.detection.authoring.latency import latencies
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.kind import Context, Flaw, Kind
from agent.detection.baseline.kinds import KINDS
from agent.detection.baseline.open_alert import OpenAlert
from agent.detection.detector import Detector
from agent.detection.load import load
from agent.hunt.baseline import BaselineHunt
from tests.detection.baseline.history_rows import (
    DAY,
    FILES,
    NOW,
    RULES,
    Load,
    NewDetector,
    Write,
    checked,
    frame,
    tried,
)
from tests.detection.memory_store import MemoryStore

ROOMS = [Path(agent.__file__).parent / room for room in ("detection", "hunt")]


class Again(Kind):
    """A group that comes back: the first row after a row of another day."""

    name = "again"
    measure = "days_between"
    keys = frozenset({"history"})
    timespan = timedelta(days=1)
    history = timedelta(days=30)
    bounds: Mapping[str, float] = {"most": 9.0}
    needs = ("source.geo.location.lat",)
    shows = ("source.geo.city_name",)
    schemas: Mapping[str, pl.Schema] = {"days": pl.Schema({"key": pl.UInt64, "time": pl.Int64})}

    def whole(self, _name: str, stored: pl.DataFrame) -> pl.DataFrame:
        return stored.group_by("key").agg(pl.col("time").max())

    def advance(self, context: Context) -> int:
        seen = context.frames["days"].rename({"time": "before"})
        for row in context.rows.join(seen, on="key").iter_rows(named=True):
            days = (row["time"] - row["before"]) / (24 * HOUR)
            if 1 <= days <= context.baseline.bounds["most"]:
                alert = OpenAlert(context.alerts.identity(row["key"]), row["group"], row["time"] + HOUR, measured=days,
                                  first=row["mark"], last=row["mark"], count=1)  # fmt: skip
                context.alerts.put(alert)
        context.frames.append("days", context.rows.select("key", "time"))
        return 0

    def flaws(self, baseline: Baseline) -> Iterator[Flaw]:
        if not baseline.group_by:
            yield Flaw("nobody comes back", (), "group by a field")

    def comparison(self, _baseline: Baseline, alert: OpenAlert, events: str) -> str:
        return f"after {alert.measured:.0f} days"


TEXT = RULES.lstrip("\n") + "  type: again\n  group-by: [USER_ID]\n  condition: {most: 5}\n"


@pytest.fixture
def again(monkeypatch: pytest.MonkeyPatch) -> Again:
    kind = Again()
    monkeypatch.setitem(KINDS, kind.name, kind)
    return kind


@pytest.mark.usefixtures("again")
def test_another_kind_is_read_evaluated_remembered_and_told(loaded: Load) -> None:
    """Its document, rows, frames, bounds and words reach the alert through the table alone, restarts between."""
    rules, store = checked(loaded(TEXT)), MemoryStore()
    place = {"source.geo.location.lat": 52.5, "source.geo.location.lon": 13.4}
    alerts = []
    for day in (0, 3, 20):
        detector = Detector(rules, recall=store.get)
        rows = frame([("A", day * DAY, 1)], **place)
        store.apply(detector.detect(rows, FILES, NOW).remember)
        alerts += tried(detector, rows)
    (alert,) = alerts
    assert alert["leakline.baseline.type"] == "again"
    assert (alert["leakline.measure.field"], alert["leakline.measure.value"]) == ("days_between", 3)
    assert alert["message"].endswith(": after 3 days, for user A")


@pytest.mark.usefixtures("again")
def test_a_row_without_what_another_kind_needs_is_left_out(new_detector: NewDetector) -> None:
    """The columns that it names decide, as places do for journeys."""
    detector = new_detector(TEXT)
    assert [row for day in (0, 3) for row in tried(detector, frame([("A", day * DAY, 1)]))] == []


@pytest.mark.usefixtures("again")
def test_what_another_kind_needs_counts_in_listings_and_hunts(loaded: Load) -> None:
    """Latency, coverage and the columns of a hunt come from the kind."""
    rules = checked(loaded(TEXT))
    (baseline,) = rules.baselines
    lacking = {"source.geo.location.lat": "no address database"}
    supply = Availability(frozenset({"event_log_file"}), lacking=lacking)
    assert reasons(rules, supply)[baseline.rule.id] == ("no address database",)
    assert latencies(rules)[baseline.rule.id].until == "at once"
    assert BaselineHunt(rules.baselines, ["@timestamp"]).fields >= {"source.geo.location.lat", "source.geo.city_name"}


@pytest.mark.usefixtures("again")
def test_what_is_wrong_with_a_document_of_another_kind_is_said(write: Write) -> None:
    """Its keys, bounds and flaws are its own."""
    wrong = {
        TEXT.replace("  group-by: [USER_ID]\n", ""): "nobody comes back",
        TEXT.replace("most: 5", "gte: 5"): "`gte` is not a bound of this baseline: write one of most",
        TEXT + "  step: 1d\n": "baselines of the type again have no key `step`",
    }
    for text, words in wrong.items():
        (error,) = load([write("wrong.yml", text)]).errors
        assert words in str(error)


def _texts(path: Path) -> set[str]:
    """The texts in a file's code; docstrings are about kinds and may name them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in prose]
    return {node.value for node in constants if isinstance(node.value, str)}


def test_nobody_but_a_kind_itself_knows_its_name() -> None:
    """Whoever asks `kind == "volume"` has to be edited for the next kind: the object is asked instead."""
    own = {f"{name}.py" for name in KINDS}
    naming = [
        f"{path.name}: {', '.join(sorted(names))}"
        for room in ROOMS
        for path in sorted(room.rglob("*.py"))
        if not (path.parent.name == "baseline" and path.name in own) and (names := _texts(path) & KINDS.keys())
    ]
    assert naming == []


def test_a_kind_lives_in_the_file_of_its_name() -> None:
    """So that a stranger finds it."""
    for name, kind in KINDS.items():
        assert type(kind).__module__ == f"agent.detection.baseline.{name}"
        assert name in _texts(ROOMS[0] / "baseline" / f"{name}.py")
