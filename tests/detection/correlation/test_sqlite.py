"""A second opinion on correlations: pysigma-backend-sqlite runs the same rules over the same events.

It reports every window that holds, one by one, each with its end; here windows of a group become one alert. So what is
compared is which events are in such windows, by group. Where its meaning is another one it is not asked:
it tells groups and values apart without regard to case, counts negative numbers, and takes a `not` as unknown while its
window is open at the last event, where `final` judges it (so an event long after all others ends every window).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from sigma.backends.sqlite.correlation import CorrelationCompiler
from sigma.backends.sqlite.runtime import execute_plan
from sigma.backends.sqlite.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

from agent.detection.correlation import few_rows
from agent.detection.detector import Detector
from agent.detection.load import load
from tests.detection.correlation.cases import BASES, CHILD, UNHEARD, correlation
from tests.detection.correlation.events import EVENTS, FILES, NOW, TEN, Event, frame

CASES = {
    "count": correlation("event_count", "{gte: 3}"),
    "count below": correlation("event_count", "{lt: 2}"),
    "count other": correlation("event_count", "{neq: 2}"),
    "count exactly": correlation("event_count", "{eq: 2}"),
    "values": correlation("value_count", "{field: VALUE, gt: 2}"),
    "sum": correlation("value_sum", "{field: VALUE, gte: 9}"),
    "sum at most": correlation("value_sum", "{field: VALUE, lte: 4}"),
    "average": correlation("value_avg", "{field: VALUE, gt: 3}"),
    "median": correlation("value_median", "{field: VALUE, lte: 2}"),
    "percentile": correlation("value_percentile", "{field: VALUE, percentile: 80, gte: 4}"),
    "temporal": correlation("temporal"),
    "temporal two": correlation("temporal", "{gte: 2}"),
    "words": correlation("temporal", "a and (b or c)"),
    "not": correlation("temporal", "a and not b", rules="[a, b]"),
    "neither": correlation("temporal", "a and not (b or c)"),
    "two groups": correlation("event_count", "{gte: 2}", group="[USER_ID, CLIENT_IP]"),
    "no group": correlation("event_count", "{gte: 5}", group=""),
    "aliases": correlation("event_count", "{gte: 3}", group="[who]", ending="  aliases: {who: {a: USER_ID, b: CLIENT_IP, c: USER_ID}}\n"),
    "chain": CHILD + correlation("temporal", rules="[child, c]"),
    "chain of a not": UNHEARD + correlation("temporal", rules="[child, c]"),
}  # fmt: skip
SEQUENCES = {
    "ordered": correlation("temporal_ordered"),
    "ordered two": correlation("temporal_ordered", "{gte: 2}"),
    "ordered words": correlation("temporal_ordered", "a and c", rules="[a, c]"),
    "ordered not": correlation("temporal_ordered", "a and b and not c"),
    "ordered chain": CHILD + correlation("temporal_ordered", rules="[child, c]"),
}
"""Of a sequence the backend names the events that came first; here all between are part of it. Groups are compared."""

LAST = 60 * 24


@pytest.fixture(scope="module", autouse=True)
def _in_columns() -> Iterator[None]:
    """However few rows there are; elsewhere the tests take the way of few rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few_rows, "FEW", 0)
        yield


def theirs(text: str, events: list[Event]) -> list[dict[str, Any]]:
    """What the backend finds: a window each, with `group_keys` and `event_ids`."""
    # The backend's functions have no types.
    backend = sqliteBackend(timestamp_field="TIME", event_id_field="ID")  # type: ignore[no-untyped-call]
    collection = SigmaCollection.from_yaml(BASES + text)
    backend.convert(collection)
    rule = next(rule for rule in collection.rules if rule.title == "Tried")
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE logs (ID TEXT, TIME TEXT, USER_ID TEXT, CLIENT_IP TEXT, KIND TEXT, VALUE TEXT)")
    rows: list[tuple[str | None, ...]] = [
        (str(n), at(e[3]).isoformat(" "), e[0] or None, e[1], e[2], str(e[4])) for n, e in enumerate(events)
    ]
    rows.append((str(len(events)), at(LAST).isoformat(" "), None, None, "", ""))
    connection.executemany("INSERT INTO logs VALUES (?, ?, ?, ?, ?, ?)", rows)
    plan = CorrelationCompiler(backend, rule).compile()[1]  # type: ignore[no-untyped-call]
    found: list[dict[str, Any]]
    found, _ = execute_plan(connection, plan, include_events=False)  # type: ignore[no-untyped-call]
    return found


def at(minute: int) -> datetime:
    """As SQLite has it: UTC without saying so."""
    return (TEN + timedelta(minutes=minute)).replace(tzinfo=None)


def ours(text: str, events: list[Event], folder: Path) -> list[dict[str, Any]]:
    """Alerts that a detector raises."""
    path = folder / "rules.yml"
    path.write_text(BASES + text)
    loaded = load([path])
    assert not loaded.errors
    found = Detector(loaded).detect(frame(list(enumerate(events))), FILES, NOW, final=True).alerts
    return [row for row in found.to_dicts() if row["rule.name"] == "Tried"]


def group_of(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(part.split("=")[1] for part in row["leakline.correlation.group"].split(", ") if part)


@pytest.mark.parametrize("case", CASES)
@settings(max_examples=12, deadline=None)
@given(events=EVENTS)
def test_the_same_events_are_in_windows_that_hold(
    case: str, tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    """By group, and their number."""
    folder = tmp_path_factory.mktemp("sqlite")
    wanted: dict[tuple[str, ...], set[str]] = {}
    for alert in theirs(CASES[case], events):
        group = tuple(str(key) for key in alert["group_keys"].values())
        ids = alert["event_ids"]
        if "chain" in case:  # it names the events below, we those that completed the child's windows
            ids = []
        wanted.setdefault(group, set()).update(identity.split(":")[1] for identity in ids)
    found: dict[tuple[str, ...], set[str]] = {}
    for row in ours(CASES[case], events, folder):
        group = tuple(value.lower() for value in group_of(row))
        ids = [] if "chain" in case else row["leakline.alert.event_ids"]
        found.setdefault(group, set()).update(str(int(identity, 16)) for identity in ids)
    assert found == wanted


@pytest.mark.parametrize("case", SEQUENCES)
@settings(max_examples=12, deadline=None)
@given(events=EVENTS)
def test_the_same_groups_have_sequences(
    case: str, tmp_path_factory: pytest.TempPathFactory, events: list[Event]
) -> None:
    """Which of several sequences is named is a matter of taste."""
    folder = tmp_path_factory.mktemp("sqlite")
    wanted = {tuple(str(key) for key in alert["group_keys"].values()) for alert in theirs(SEQUENCES[case], events)}
    assert {tuple(value.lower() for value in group_of(row)) for row in ours(SEQUENCES[case], events, folder)} == wanted
