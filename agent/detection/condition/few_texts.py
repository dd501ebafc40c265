"""Tests on few texts, in Python: a call into Polars costs as much as comparing some hundred short texts.

What they say is what Polars says of the same texts; `tests/detection/condition/test_few_texts.py` holds it so.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from agent.columns.small import SMALL
from agent.detection.condition.tree import Text, folded

PAIRS = 1024
"""Comparisons of a text with a value, at about 40 ns each, that cost what one call into Polars does."""


def are_few(texts: pl.Series, values: Collection[object] = ()) -> bool:
    """Whether Python is the quicker way to hold these texts against each of the values."""
    return len(texts) <= SMALL and len(texts) * len(values) <= PAIRS


def lower(texts: Sequence[str | None]) -> list[str | None] | None:
    """Without regard to case, as `tree.folded` does it; None if a letter is beyond ASCII.

    Of such letters Python and Polars may know different versions of Unicode.
    """
    if not all(text is None or text.isascii() for text in texts):
        return None
    return [None if text is None else folded(text) for text in texts]


def passing(texts: pl.Series, test: Text) -> pl.Series | None:
    """Whether each text (String) passes: Boolean without nulls. None where Polars is to say it."""
    values = test.values
    if test.how == "like" or not are_few(texts, () if test.how == "equals" else values):
        return None
    said = texts.to_list()
    match test.how:
        case "equals":
            hits = [text in values for text in said]  # null is in no set of texts
        case "contains":
            hits = [text is not None and any(value in text for value in values) for text in said]
        case "startswith":
            beginnings = tuple(values)
            hits = [text is not None and text.startswith(beginnings) for text in said]
        case "endswith":
            endings = tuple(values)
            hits = [text is not None and text.endswith(endings) for text in said]
    return pl.Series(hits, dtype=pl.Boolean)


def without_nulls(mask: pl.Series) -> pl.Series:
    """`mask` (Boolean), false where it is null."""
    if not mask.null_count():
        return mask
    if len(mask) > SMALL:
        return mask.fill_null(value=False)
    return pl.Series([bool(hit) for hit in mask.to_list()], dtype=pl.Boolean)
