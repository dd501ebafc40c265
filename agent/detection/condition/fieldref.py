"""One field against another of the same event (`fieldref`)."""

from __future__ import annotations

from typing import Literal

import polars as pl

from agent.detection.condition.column import Column, marked
from agent.detection.condition.mask import Mask


def related_rows(left: Column, right: Column, how: Literal["equals", "contains", "startswith", "endswith"]) -> Mask:
    """The rows in which both have a value and the left one equals, contains, … the right one, without regard to case.

    Of lists one pair of elements is enough.
    """
    # `row` (UInt32) is the row both elements are of, `said` and `said right` their texts in lower case.
    pairs = left.by_row(left.lower).join(right.by_row(right.lower), on="row", suffix=" right")
    value, compared = pl.col("said"), pl.col("said right")
    comparisons = {
        "equals": value == compared,
        "contains": value.str.contains(compared, literal=True),
        "startswith": value.str.starts_with(compared),
        "endswith": value.str.ends_with(compared),
    }
    return marked(pairs.filter(comparisons[how])["row"], left.series.len())
