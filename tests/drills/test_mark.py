"""Who has the mark of a drill: what a drill makes, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import polars as pl

from agent.drills.mark import ID, SCENARIO, CurrentDrill, DrillMark, marking, unmarked
from tests.pipeline.fakes import batch_of, plain_steps

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_a_row_of_an_org_cannot_say_that_it_is_of_a_drill() -> None:
    """Its alerts would start no clock, and a filter on drills would hide them; of a drill the mark is that of the one that runs."""
    claims = batch_of(1, ["a"])
    claims = replace(
        claims, frame=claims.frame.with_columns(pl.lit("D-2026-0001").alias(ID), pl.lit("x").alias(SCENARIO))
    )
    org = unmarked(plain_steps())
    shaped = org.shape(org.prepare(claims), claims, NOW)
    assert shaped.columns == batch_of(1, ["a"]).frame.columns
    current = CurrentDrill()
    current.mark = DrillMark("D-2026-0007", "org_export")
    drill = marking(plain_steps(), current)
    assert drill.shape(drill.prepare(claims), claims, NOW)[ID].to_list() == ["D-2026-0007"]
