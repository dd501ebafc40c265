"""One field against another of the same event (`fieldref`)."""

from __future__ import annotations

from typing import Literal

import polars as pl

from agent.detection.condition.column import Column, Mask, marked


def rows(left: Column, right: Column, how: Literal["equals", "contains", "startswith", "endswith"]) -> Mask:
    """The rows in which both have a value and the left one equals, contains, … the right one, without regard to case.

    Of lists one pair of elements is enough.
    """
    pairs = left.by_row(left.lower).join(right.by_row(right.lower), on="row", suffix=" right")
    mine, other = pl.col("said"), pl.col("said right")
    verdicts = {
        "equals": mine == other,
        "contains": mine.str.contains(other, literal=True),
        "startswith": mine.str.starts_with(other),
        "endswith": mine.str.ends_with(other),
    }
    return marked(pairs.filter(verdicts[how])["row"], left.series.len())
