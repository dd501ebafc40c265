"""Finding the rows that break a step, so that the others can go on."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import polars as pl

from agent.model import Batch, BatchSteps, Rejection


def without_poison(batch: Batch, steps: BatchSteps, now: datetime) -> tuple[Batch, list[Rejection]]:
    """The batch without the rows of its raw frame that break a step, and those rows with their tracebacks."""

    def work(part: pl.DataFrame) -> None:
        prepared = steps.prepare(replace(batch, frame=part))
        steps.detect(batch, prepared, now)
        steps.shape(prepared, batch, now)

    found = poisonous_rows(batch.frame, work)
    rejections = [
        Rejection(
            batch.org,
            batch.source,
            batch.event_type,
            batch.input,
            row,
            reason,
            repr(batch.frame.row(row, named=True)).encode(),
        )
        for row, reason in found
    ]
    keep = pl.Series(range(batch.frame.height)).is_in([row for row, _ in found]).not_()
    numbers = batch.row_numbers.filter(keep) if batch.row_numbers is not None else None
    return replace(batch, frame=batch.frame.filter(keep), row_numbers=numbers), rejections


def poisonous_rows(frame: pl.DataFrame, work: Callable[[pl.DataFrame], object]) -> list[tuple[int, str]]:
    """(row, traceback) of every row of a frame that makes `work` raise, found by halving.

    `work` gets parts of the frame and must have no effects: it sees the same rows several times.
    """
    return _search(frame, 0, work) if frame.height else []


def _search(frame: pl.DataFrame, first: int, work: Callable[[pl.DataFrame], object]) -> list[tuple[int, str]]:
    """Of a part of a frame; `first` is the number of its first row in the whole. For n rows of which k are bad about
    2 k log2(n) calls of `work`.
    """
    try:
        work(frame)
    except Exception:  # noqa: BLE001 - whatever it raises is what is being looked for
        if frame.height == 1:
            return [(first, traceback.format_exc(limit=-8))]
        half = frame.height // 2
        return _search(frame[:half], first, work) + _search(frame[half:], first + half, work)
    return []
