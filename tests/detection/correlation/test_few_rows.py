"""What few rows add to alerts, told row by row, is what it is when told in columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.detection.correlation import few_rows, growth
from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.memory import schema
from agent.detection.correlation.text_codes import TextCodes
from agent.detection.load import load
from tests.detection.correlation.cases import BASES, CASES

Row = tuple[int, int, int, int, bool]
"""Group, event (whose time follows from it), step, value, and whether it is new."""

ROWS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 40), st.integers(0, 2), st.integers(0, 4), st.booleans()), max_size=30
)
TEXTS = TextCodes().coded(pl.Series([str(number) for number in range(8)]), pl.Series([0] * 8))[0]
PROMPT = [name for name, (_, spec) in CASES.items() if not spec.waits]


@pytest.fixture(scope="module")
def correlations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Correlation]:
    """By the name of the case: all that more rows can only make hold."""
    path = tmp_path_factory.mktemp("few") / "rules.yml"
    found = {}
    for name in PROMPT:
        path.write_text(BASES + CASES[name][0])
        (found[name],) = load([path]).correlations
    return found


@pytest.mark.parametrize("case", PROMPT)
@settings(max_examples=25, deadline=None)
@given(rows=ROWS, minutes=st.sampled_from([1, 2, 4]), quiet=st.sampled_from([1, 3]))
def test_few_rows_say_what_columns_say(
    case: str, correlations: dict[str, Correlation], rows: list[Row], minutes: int, quiet: int
) -> None:
    """Anchors, clusters and measures, whatever the order in which rows came; also at one time and of one event."""
    correlation = replace(correlations[case], quiet=correlations[case].span * quiet)
    if not few_rows.can_tell(correlation):
        return
    distinct = {(group, event, step): (group, event, step, value, new) for group, event, step, value, new in rows}
    frame = _frame(correlation, list(distinct.values()), minutes)
    new = pl.Series([row[4] for row in distinct.values()], dtype=pl.Boolean)
    before, fresh = frame.filter(~new), frame.filter(new)
    before = before.join(fresh.select("group").unique(), on="group", how="semi")
    rows_of_both = pl.concat([before, fresh])
    by_row = growth.of_places(rows_of_both, few_rows.grown(correlation, rows_of_both, before.height), TEXTS)
    compared = growth.by_columns(correlation, before, fresh, TEXTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(few_rows, "FEW", 0)
        in_columns = growth.by_columns(correlation, before, fresh, TEXTS)
    assert _said(by_row) == _said(compared) == _said(in_columns)
    if by_row.anchors.height:
        assert by_row.anchors.schema == in_columns.anchors.schema


def _frame(correlation: Correlation, rows: list[Row], minutes: int) -> pl.DataFrame:
    """Of `memory.schema`; an event has one time, and of sums one value."""
    columns: dict[str, list[Any]] = {
        "group": [row[0] for row in rows],
        "time": [row[1] * minutes * 60_000 for row in rows],
        "id": [bytes([row[1]]) * 16 for row in rows],
        "step": [row[2] for row in rows],
        "value": [(row[1] if correlation.kind == "value_sum" else 0) + row[3] for row in rows],
        "user": [row[1] % 7 for row in rows],
        "address": [None if row[1] % 3 == 1 else 3 + row[1] % 5 for row in rows],
    }
    names = schema(correlation, 0)
    return pl.DataFrame({name: columns[name] for name in names}, schema=names)


def _said(grown: growth.Growth) -> tuple[Any, ...]:
    """In no order but that within clusters."""
    names = ["group", "id", "step", "measured", "known"]
    anchors = sorted(grown.anchors.select(names).rows()) if grown.anchors.height else []
    return anchors, sorted(map(repr, grown.clusters)), sorted(grown.remeasured)
