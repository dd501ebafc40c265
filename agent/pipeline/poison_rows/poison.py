"""Finding the rows that break a step, so that the others can go on."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime

import polars as pl

from agent.batch_steps import BatchSteps
from agent.columns.frame_parts import FrameParts
from agent.model import Batch, Rejection

SPREAD = 16
"""Rows, evenly spread over a batch, that are tried one by one before all rows are: where nearly all of them break, a
search would take as many calls as the batch has rows, only to find that most do."""

FEWEST = 10
"""Rows below which nothing can be said of their share."""

Check = Callable[[int, int, str], None]
"""Told rows, how many of them break a step, and the last reason; raises when these are too many."""


def without_poison(
    batch: Batch, steps: BatchSteps, now: datetime, committing: AbstractContextManager[object], check: Check
) -> tuple[Batch, list[Rejection]]:
    """The batch without the rows of its raw frame that break a step, and those rows with their tracebacks.

    `committing`: held while `detect` and `respond` look, and not between two looks. Raises what `check` raises.
    """

    def work(part: pl.DataFrame) -> None:
        piece = replace(batch, frame=part)
        prepared = steps.prepare(piece)
        matches = steps.match(piece, prepared)
        with committing:
            detection = steps.detect(piece, prepared, matches, now)
            if detection.alerts.height:
                steps.respond(piece, detection, now)
        steps.shape(prepared, piece, now)

    if _holds(work, batch.frame):
        return batch, []
    _check_spread(batch.frame, work, check)
    found: list[tuple[int, str]] = []
    for row, reason in _search(batch.frame, 0, work):
        found.append((row, reason))
        check(batch.frame.height, len(found), reason)
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


def _check_spread(frame: pl.DataFrame, work: Callable[[pl.DataFrame], object], check: Check) -> None:
    """Judge the whole frame by some rows where three quarters of them break: then more than half of all do, as good as
    surely (with half of all bad, 12 of 16 are in one case of 26).
    """
    if frame.height < 4 * SPREAD:
        return
    singles = [frame.slice(number * frame.height // SPREAD, 1) for number in range(SPREAD)]
    reasons = [reason for single in singles for _, reason in _search(single, 0, work)]
    if len(reasons) >= SPREAD * 3 // 4:
        check(frame.height, len(reasons) * frame.height // SPREAD, reasons[-1])


def _holds(work: Callable[[pl.DataFrame], object], frame: pl.DataFrame) -> bool:
    return not frame.height or next(iter(_search(frame, 0, work)), None) is None


def poisonous_rows(rows: FrameParts, work: Callable[[pl.DataFrame], object]) -> list[tuple[int, str]]:
    """(number, traceback) of every row that makes `work` raise, found by halving.

    `work` gets parts of a frame and must have no effects: it sees the same rows several times.
    """
    return [poisonous for first, frame in rows.numbered() for poisonous in _search(frame, first, work)]


def _search(frame: pl.DataFrame, first: int, work: Callable[[pl.DataFrame], object]) -> Iterator[tuple[int, str]]:
    """Of a part of a frame; `first` is the number of its first row in the whole. For n rows of which k are bad about
    2 k log2(n) calls of `work`. Rows come in ascending order, as they are found.
    """
    if not frame.height:
        return
    try:
        work(frame)
    except Exception:  # noqa: BLE001 - whatever it raises is what is being looked for
        if frame.height == 1:
            yield first, traceback.format_exc(limit=-8)
            return
    else:
        return
    half = frame.height // 2
    yield from _search(frame[:half], first, work)
    yield from _search(frame[half:], first + half, work)
