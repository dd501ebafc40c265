"""Rows of several frames, numbered through: what commits together need not have the same columns.

One wide frame of all columns would cost more than its rows do, and every format would have to look at columns that are null
throughout; so each frame stays as it was made, and work on the rows goes frame by frame.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import polars as pl


@dataclass(frozen=True, slots=True)
class FrameParts:
    """Frames in the order of their rows."""

    frames: Sequence[pl.DataFrame]
    """At least one; their columns may differ."""

    @classmethod
    def of(cls, *frames: pl.DataFrame) -> FrameParts:
        return cls(frames)

    @property
    def height(self) -> int:
        return sum(frame.height for frame in self.frames)

    def numbered(self) -> Iterator[tuple[int, pl.DataFrame]]:
        """Each frame that has rows, after the number of its first row."""
        first = 0
        for frame in self.frames:
            if frame.height:
                yield first, frame
            first += frame.height

    def column(self, name: str) -> pl.Series:
        """A column that every frame has, in one type. Raises ColumnNotFoundError."""
        if len(self.frames) == 1:
            return self.frames[0][name]
        return pl.concat([frame[name] for frame in self.frames])

    def cells(self, name: str) -> list[Any]:
        """The values of a column, None in rows of frames that have no such column."""
        return [
            cell
            for frame in self.frames
            for cell in (frame[name].to_list() if name in frame.columns else [None] * frame.height)
        ]

    def select(self, names: Sequence[str]) -> pl.DataFrame:
        """Those columns of `names` that there are, as one frame; a row has nulls where its frame has no such column."""
        frames = [
            pl.DataFrame([frame.get_column(name) for name in names if name in frame.columns]) for frame in self.frames
        ]
        return frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal")

    def text(self, of: Callable[[pl.DataFrame], pl.Series]) -> pl.Series:
        """What `of` makes of each frame (`String`, one a row), one after another."""
        if len(self.frames) == 1:
            return of(self.frames[0])
        return pl.concat([of(frame) for frame in self.frames])

    def slice(self, start: int, end: int | None = None) -> FrameParts:
        """Rows from `start` up to `end`, or to the last."""
        if len(self.frames) == 1:
            return FrameParts((self.frames[0][start:end],))
        stop = self.height if end is None else end
        cuts = ((frame, max(0, start - first), min(frame.height, stop - first)) for first, frame in self.numbered())
        return self._with(tuple(frame[low:high] for frame, low, high in cuts if low < high))

    def rows(self, numbers: Sequence[int]) -> FrameParts:
        """These rows in this order."""
        if len(self.frames) == 1:
            return FrameParts((self.frames[0][list(numbers)],))
        starts, frames = zip(*self.numbered(), strict=True) if self.height else ((), ())
        of_frame = groupby(numbers, lambda number: bisect_right(starts, number) - 1)
        return self._with(tuple(frames[place][[number - starts[place] for number in own]] for place, own in of_frame))

    def row(self, number: int) -> pl.DataFrame:
        """One row with the columns of its frame."""
        return self.slice(number, number + 1).frames[0]

    def _with(self, frames: tuple[pl.DataFrame, ...]) -> FrameParts:
        return FrameParts(frames or (self.frames[0].clear(),))
