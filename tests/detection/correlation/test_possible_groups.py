"""Groups in which a condition may hold: never one too few, and not all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.memory import schema
from agent.detection.correlation.possible_groups import of_possible_groups
from agent.detection.load import load
from tests.detection.correlation import naive
from tests.detection.correlation.cases import BASES, CASES, STEPS
from tests.detection.correlation.events import EVENTS, Event, event_rows
from tests.detection.correlation.naive import EventRow

MINUTE = 60_000
USERS = ("A", "B")
JUDGED = [name for name, (_, spec) in CASES.items() if spec.waits and not spec.terms]


@pytest.fixture(scope="module")
def correlations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Correlation]:
    """By the name of the case: all whose windows are judged when they are over."""
    path = tmp_path_factory.mktemp("possible") / "rules.yml"
    found = {}
    for name, (text, spec) in CASES.items():
        if spec.waits:
            path.write_text(BASES + text)
            (found[name],) = load([path]).correlations
    return found


@pytest.mark.parametrize("case", JUDGED)
@settings(max_examples=40, deadline=None)
@given(events=EVENTS, since=st.integers(0, 80), twice=st.lists(st.integers(0, 25), max_size=4))
def test_no_group_with_a_window_that_holds_is_left_out(
    case: str, correlations: dict[str, Correlation], events: list[Event], since: int, twice: list[int]
) -> None:
    """Wherever the windows begin that are looked at, and when rows are there twice; a group keeps all of its rows."""
    spec, correlation = CASES[case][1], correlations[case]
    rows = [row for row in event_rows(events) if row.fields["USER_ID"]]
    holding = {
        USERS.index(str(user))
        for (user,), of_group in naive.grouped(spec, rows).items()
        if any(window.known >= since for window in naive.windows(spec, of_group))
    }
    near = [row for row in rows if row.time >= since - spec.span]
    frame = _frame(correlation, near + [near[place % len(near)] for place in twice if near])
    found = of_possible_groups(frame, correlation, since * MINUTE)
    groups = set(found["group"])
    assert holding <= groups
    assert found.equals(frame.filter(pl.col("group").is_in(list(groups))))


def test_a_group_whose_values_are_all_too_small_is_left_out(correlations: dict[str, Correlation]) -> None:
    """The average of 3 and 3 does not reach 3.5; that of 1 and 5 does not either, but a part of them does."""
    events: list[Event] = [(user, "", "a", minute, value) for user, minute, value in
                           (("A", 0, 3), ("A", 1, 3), ("B", 0, 1), ("B", 1, 5))]  # fmt: skip
    frame = _frame(correlations["average gte"], event_rows(events))
    assert set(of_possible_groups(frame, correlations["average gte"], 0)["group"]) == {USERS.index("B")}
    assert of_possible_groups(frame, correlations["average gte"], 2 * MINUTE).is_empty()


def test_where_something_must_be_absent_every_group_stays(correlations: dict[str, Correlation]) -> None:
    """Such windows may end when their group has no row any more."""
    frame = _frame(correlations["temporal not"], event_rows([("A", "", "b", 0, 1)]))
    assert of_possible_groups(frame, correlations["temporal not"], MINUTE).height == 1


def _frame(correlation: Correlation, rows: Sequence[EventRow]) -> pl.DataFrame:
    """Of `memory.schema`."""
    columns: dict[str, list[Any]] = {
        "group": [USERS.index(str(row.fields["USER_ID"])) for row in rows],
        "time": [row.time * MINUTE for row in rows],
        "id": [bytes([row.id]) * 16 for row in rows],
        "step": [STEPS.index(row.step) for row in rows],
        "value": [row.fields["VALUE"] for row in rows],
        "user": [0] * len(rows),
        "address": [None] * len(rows),
    }
    names = schema(correlation, 0)
    return pl.DataFrame({name: columns[name] for name in names}, schema=names)
