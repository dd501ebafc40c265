"""Which file tells first of which row: an hour's first file and its late increments."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import polars as pl

from agent.simulator.log_files.log_file import MakingTimes

_LATE = (0.08, 0.12)
"""Of an hour's rows, the share that waits for its first late increment, and for either of them."""

_REPEATED = 0.05


def hour_files(
    times: MakingTimes, event_type: str, hour: int, rows: pl.DataFrame
) -> Iterator[tuple[int, int, pl.DataFrame]]:
    """The files that an hour's rows of one type come in: sequence (from 1), when it is made (ms), its rows."""
    late = times.increments(event_type, hour)
    made = [times.hourly(event_type, hour), *late]
    parts = _parts(times, event_type, hour, rows, len(late))
    for sequence, (created, frame) in enumerate(zip(made, parts, strict=True), start=1):
        if not frame.is_empty():
            yield sequence, created, frame


def _parts(times: MakingTimes, event_type: str, hour: int, rows: pl.DataFrame, increments: int) -> Iterator[pl.DataFrame]:  # fmt: skip
    """An increment may begin with rows told before."""
    # `_late` is drawn evenly from [0, 1): below 0.08 a row waits for the first increment, from there below 0.12 for the second.
    bounds = (0.0, *_LATE[:increments])
    first = rows.filter(pl.col("_late") >= bounds[-1])
    yield first
    again = first.filter(pl.col("_again") < _REPEATED) if times.repeats(event_type, hour) else first.clear()
    for low, high in pairwise(bounds):
        late = rows.filter(pl.col("_late").is_between(low, high, closed="left"))
        yield pl.concat([again, late]) if not late.is_empty() else late
