"""Finding the rows that break a step, so that the others can go on."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import polars as pl


def poisonous_rows(frame: pl.DataFrame, work: Callable[[pl.DataFrame], object]) -> list[tuple[int, str]]:
    """(row, traceback) of every row that makes `work` raise, found by halving; `work` must have no effects."""
    return _search(frame, 0, work) if frame.height else []


def _search(frame: pl.DataFrame, first: int, work: Callable[[pl.DataFrame], object]) -> list[tuple[int, str]]:
    try:
        work(frame)
    except Exception:  # noqa: BLE001 - whatever it raises is what is being looked for
        if frame.height == 1:
            return [(first, traceback.format_exc(limit=-8))]
        half = frame.height // 2
        return _search(frame[:half], first, work) + _search(frame[half:], first + half, work)
    return []
