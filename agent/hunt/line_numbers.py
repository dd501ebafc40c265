"""On which line of a log file its records stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from agent.model import Batch


class LogFileLines:
    """Counts through the batches of one file, from its header on.

    Records follow one another; one with line feeds in its cells takes several lines.
    """

    def __init__(self) -> None:
        self._row, self._line = 1, 2

    def place(self, batch: Batch) -> tuple[pl.Series, Sequence[tuple[int, str]]]:
        """The line (`Int64`, from 1) of each row of the next batch; line and reason of each malformed record."""
        count = batch.frame.height + len(batch.rejections)
        wrong = [rejection.row - self._row for rejection in batch.rejections]
        right = sorted(set(range(count)).difference(wrong)) if wrong else range(count)
        extra = [0] * count
        for place, rejection in zip(wrong, batch.rejections, strict=True):
            extra[place] = rejection.raw.count(b"\n")
        for row, feeds in _line_feeds(batch.frame):
            extra[right[row]] = feeds
        before = pl.Series(extra, dtype=pl.Int64).cum_sum().shift(1, fill_value=0)
        lines = before + pl.int_range(self._line, self._line + count, eager=True)
        self._row += count
        self._line += count + sum(extra)
        bad = [(lines[place], rejection.reason) for place, rejection in zip(wrong, batch.rejections, strict=True)]
        return lines.gather(list(right)) if wrong else lines, bad


def _line_feeds(frame: pl.DataFrame) -> Iterator[tuple[int, int]]:
    """Row and number of the line feeds in its cells, for the rare rows that have any."""
    texts = [
        name for name in frame.columns if name != "event.id" and frame[name].str.contains("\n", literal=True).any()
    ]
    if texts:
        counts = frame.select(pl.sum_horizontal(pl.col(texts).str.count_matches("\n", literal=True)).alias("n"))["n"]
        yield from ((row, counts[row]) for row in (counts > 0).arg_true())
