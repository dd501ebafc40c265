"""Rows of a frame by their numbers, at little cost where they are few."""

from __future__ import annotations

import polars as pl

from agent.columns.small import SMALL


def picked(frame: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The rows with these numbers (UInt32), in this order.

    Of a small frame rows that follow each other are a view, which copies nothing: 8 µs where picking takes 30 to 120.
    Of a large one a view would keep all of it in memory for the sake of a few rows.
    """
    if frame.height <= SMALL and len(rows):
        numbers = rows.to_list()
        if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            return frame.slice(numbers[0], len(numbers))
    return frame[rows]
