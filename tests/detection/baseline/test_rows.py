"""Matched rows and buckets are the same whether they are made in Python or by Polars."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.columns.text.group_text import LONGEST
from agent.detection.baseline import buckets as buckets_module
from agent.detection.baseline import rows as rows_module
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.buckets import SCHEMAS, buckets
from agent.detection.baseline.kinds import KINDS
from agent.detection.baseline.rows import SCHEMA, BatchRows, texts_by_base
from agent.detection.condition.tree import FALSE
from agent.detection.memory.sum_ceilings import SumCeilings
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule
from tests.detection.baseline.history_rows import START

TEXT = st.none() | st.sampled_from(["", " ", "a", "b", "é, =", "12", "-3.5", "nan", "x" * (LONGEST + 1)])
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "USER_ID": TEXT,
            "VALUE": TEXT,
            "minute": st.none() | st.integers(-40_000_000, 5_000),
            "user.name": TEXT,
            "user.id": TEXT,
            "source.ip": TEXT,
            "lat": st.none() | st.floats(-90, 90),
            "city": TEXT,
            "number": st.none() | st.integers(0, 3),
        }
    ),
    min_size=1,
    max_size=12,
)


def matched(events: list[dict[str, object]]) -> pl.DataFrame:
    """Prepared rows; minutes are reckoned from `START`, and reach to before 1970."""
    moments = [None if (at := event["minute"]) is None else START + timedelta(minutes=int(str(at))) for event in events]
    text = {name: pl.Series([event[name] for event in events], dtype=pl.String) for name in ("USER_ID", "VALUE", "user.name", "user.id", "source.ip")}  # fmt: skip
    return pl.DataFrame(
        {
            "event.id": [f"{number:032x}" for number in range(len(events))],
            "@timestamp": pl.Series(moments, dtype=pl.Datetime("ms", "UTC")),
            **text,
            "source.geo.location.lat": pl.Series([event["lat"] for event in events], dtype=pl.Float64),
            "source.geo.location.lon": pl.Series([event["lat"] for event in events], dtype=pl.Float64),
            "source.geo.city_name": pl.Series([event["city"] for event in events], dtype=pl.String),
            "NUMBER": pl.Series([event["number"] for event in events], dtype=pl.Int64),
        }
    )


def baseline(kind: str, groups: list[str], field: str) -> Baseline:
    rule = Rule("past", "Past", FALSE, LogSource(), Path("past.yml"), 1)
    hour = timedelta(hours=1)
    names = tuple((name, dict[str, str]()) for name in groups)
    return Baseline(rule, kind, ("row", "other"), names, hour, hour, 24 * hour, hour, field=field, step=hour)


@settings(max_examples=40, deadline=None)
@given(
    events=ROWS,
    kind=st.sampled_from(sorted(KINDS)),
    groups=st.sampled_from([[], ["USER_ID"], ["USER_ID", "NUMBER"], ["nowhere"]]),
    field=st.sampled_from(["VALUE", "NUMBER"]),
    same=st.booleans(),
)
def test_few_rows_are_read_as_many_are(
    events: list[dict[str, object]], kind: str, groups: list[str], field: str, *, same: bool
) -> None:
    """Types, nulls, order, odd text and all; two rules that match the same rows give each once."""
    asked = baseline(kind, groups, field if KINDS[kind].field else "")
    frame = matched(events)
    both = {"row": frame, "other": frame if same else frame[: len(events) // 2]}
    made = []
    for limit in (0, 256):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rows_module, "SMALL", limit)
            made.append(BatchRows(both, texts_by_base([asked])).rows(asked, KINDS[kind]))
    assert made[0].schema == SCHEMA
    assert made[0].equals(made[1])


@settings(max_examples=40, deadline=None)
@given(events=ROWS)
def test_few_rows_fill_the_buckets_that_many_fill(events: list[dict[str, object]]) -> None:
    """Users and addresses that are missing, too."""
    asked = baseline("volume", ["USER_ID"], "NUMBER")
    rows = BatchRows({"row": matched(events)}, texts_by_base([asked])).rows(asked, KINDS["volume"])
    if not rows.height:
        return
    made = []
    for limit in (0, 256):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(buckets_module, "SMALL", limit)
            made.append(buckets(asked, rows).sort("key", "slot"))
    assert made[0].schema == SCHEMAS["open"]
    assert made[0].equals(made[1])


@given(
    first=st.lists(st.tuples(st.integers(0, 2**64 - 1), st.floats(0, 1e9))),
    batches=st.lists(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.floats(0, 1e9)))),
    least=st.floats(0, 1e9),
)
def test_a_ceiling_is_never_too_low(
    first: list[tuple[int, float]], batches: list[list[tuple[int, float]]], least: float
) -> None:
    """Who did enough is looked at."""
    schema = {"key": pl.UInt64, "value": pl.Float64}
    ceilings, sums = SumCeilings(pl.DataFrame(first, schema, orient="row")), dict[int, float]()
    for batch in batches:
        ceilings.add([key for key, _ in batch], [value for _, value in batch])
    for key, value in [*first, *(row for batch in batches for row in batch)]:
        sums[key] = sums.get(key, 0.0) + value
    reached = {key for key, value in sums.items() if value >= least}
    assert reached <= set(ceilings.reaching(sums, least * (1 - 1e-9)))
