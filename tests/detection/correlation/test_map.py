"""The windows that the package's docstring draws are those that are found."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from agent.detection.correlation import windows
from agent.detection.correlation.definition.correlation import ConditionBound, ConditionTerm, Correlation, Kind
from tests.detection.conftest import rule_of

MINUTE = 60_000
THREE, NINE = ConditionBound("gte", 3), ConditionBound("gte", 9)
A_NOT_B = ConditionTerm(("a",), ("b",))
VALUES = {0: 2.0, 4: 5.0, 9: 1.0, 12: 4.0}

Window = tuple[int, int, int, float]
"""`since`, `until`, `anchor` in minutes, and `measured`."""

DRAWN: list[tuple[Kind, tuple[ConditionBound | ConditionTerm, ...], str, dict[int, float], list[Window], list[int]]] = [
    ("event_count", (THREE,), "0a 4a 9a 12a 30a", {}, [(-1, 9, 9, 3.0), (2, 12, 12, 3.0)], [0, 4, 9, 12]),
    ("value_count", (THREE,), "0a 4a 9a 12a", {0: 7, 4: 8, 9: 7, 12: 9}, [(2, 12, 12, 3.0)], [4, 9, 12]),
    ("value_sum", (NINE,), "0a 4a 9a 12a", VALUES, [(2, 12, 12, 10.0)], [4, 9, 12]),
    ("value_avg", (ConditionBound("lt", 3.4), THREE), "0a 4a 9a 12a", VALUES, [(2, 12, 12, 3.333333)], [4, 9, 12]),
    ("value_median", (ConditionBound("gt", 3.5),), "0a 4a 9a 12a", VALUES, [(2, 12, 12, 4.0)], [4, 9, 12]),
    ("temporal", (ConditionBound("gte", 2),), "0a 4a 9b 15b", {}, [(-1, 9, 9, 2.0)], [0, 4, 9]),
    ("temporal_ordered", (ConditionBound("gte", 2),), "0a 4a 9b", {}, [(0, 9, 9, 2.0)], [0, 4, 9]),
    ("temporal", (A_NOT_B,), "0a 6b 8a 12a 19b", {}, [(8, 18, 8, 1.0)], [8, 12]),
    ("temporal_ordered", (A_NOT_B,), "0a 6b 8a 12a 19b", {}, [(8, 18, 8, 1.0)], [8, 12]),
]
"""Type, condition, rows (minute and base), their values, windows, members."""


@pytest.mark.parametrize(("kind", "condition", "drawn", "values", "held", "members"), DRAWN)
def test_the_map_is_true(
    kind: Kind,
    condition: tuple[ConditionBound | ConditionTerm, ...],
    drawn: str,
    values: dict[int, float],
    held: list[Window],
    members: list[int],
) -> None:
    """Windows with their ends, anchor and measure; rows within them; `known` at the anchors, which is `until`."""
    correlation = Correlation(
        rule_of({"detection": {"sel": {"KIND": "a"}, "condition": "sel"}}),
        kind,
        ("a", "b"),
        ("USER_ID",),
        timedelta(minutes=10),
        tuple(part for part in condition if isinstance(part, ConditionBound)),
        tuple(part for part in condition if isinstance(part, ConditionTerm)),
        fields=("VALUE",) if values else (),
    )
    rows = rows_of(drawn, values)
    found = windows.windows(rows.lazy(), correlation).sort("until").collect()
    minutes = found.select(pl.col("since", "until", "anchor") // MINUTE, "measured")
    assert minutes.rows() == held
    inside = windows.members(rows.lazy(), found.lazy(), correlation).sort("time").collect()
    assert (inside["time"] // MINUTE).to_list() == members
    known = inside.filter(pl.col("known").is_not_null()).select(pl.col("time", "known") // MINUTE, "measured").rows()
    assert known == [(anchor, until, measured) for _, until, anchor, measured in held]


def rows_of(drawn: str, values: dict[int, float]) -> pl.DataFrame:
    """`9b` is a row of the base b at minute 9; group, time (Int64 ms), id, step and, if there are any, value."""
    minutes = [int(row[:-1]) for row in drawn.split()]
    rows = pl.DataFrame(
        {
            "group": [1] * len(minutes),
            "time": [minute * MINUTE for minute in minutes],
            "id": [bytes([minute]) for minute in minutes],
            "step": ["ab".index(row[-1]) for row in drawn.split()],
        },
        schema={"group": pl.UInt32, "time": pl.Int64, "id": pl.Binary, "step": pl.UInt8},
    )
    return rows.with_columns(pl.Series("value", [values[minute] for minute in minutes])) if values else rows
