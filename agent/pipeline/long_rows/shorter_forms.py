"""Ever shorter forms of rows, tried on a destination until each row fits."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial

import polars as pl

from agent.columns.text.cell_length import costs, cut, is_text
from agent.model import Destination
from agent.pipeline.long_rows.drop_order import KEPT, in_groups

SANE = 256
"""Bytes (as in `cell_length.cost`) up to which a text is left alone while whole groups of fields can still go, and a
field of `KEPT` while others can still be cut."""
SHORTEST = 32
"""Below this a text says nothing any more: then only the fields of `KEPT` go out."""

_NAMED = 44
"""Bytes reserved for each name in `leakline.truncated`, and once for the list."""

Form = tuple[pl.DataFrame, pl.DataFrame]
"""What a line is made of, and what is written around it; row for row."""


class Trials:
    """Rows on their way to a form that fits: of each no more than about 40 forms are tried."""

    def __init__(self, frame: pl.DataFrame, lines: pl.Series, destination: Destination, limit: int) -> None:
        """`lines`: the rows of `frame` as they are (`String`); `limit`: in bytes."""
        self.left = list(range(frame.height))
        """Rows that do not fit yet."""
        self.found: dict[int, str] = {}
        """Row to the first line of it that fits."""
        self._frame = frame
        self._lengths: list[int] = lines.str.len_bytes().to_list()
        self._destination = destination
        self._limit = limit

    def form(
        self, rows: Sequence[int], form: Callable[[pl.DataFrame], Form], frame: pl.DataFrame | None = None
    ) -> None:
        """Take those of `rows` that fit in this form (of `frame`, if not of all fields), and note how long they all are."""
        if not rows:
            return
        document, envelope = form((self._frame if frame is None else frame)[list(rows)])
        lines = self._destination.wrap(envelope, self._destination.format(document))
        for row, line, length in zip(rows, lines.to_list(), lines.str.len_bytes().to_list(), strict=True):
            self._lengths[row] = length
            if length <= self._limit:
                self.found[row] = line
        self.left = [row for row in self.left if row not in self.found]

    def without(self, groups: Sequence[str], *, last: bool) -> None:
        """Forms without some groups of fields; texts lose their ends too, down to `SANE`, or `SHORTEST` if it is the `last`."""
        gone = {group: in_groups(self._frame.columns, [group]) for group in groups}
        names = [group for group, fields in gone.items() if fields]
        if groups and not gone[groups[-1]] and not last:
            return
        frame = self._frame.drop(*gone.values())
        if names:
            self.form(self.left, partial(_cut, levels=[sys.maxsize] * len(self.left), names=names), frame)
        levels = self._levels(frame)
        # Each halving is one more form that is tried, so there are as many as lead from the highest level to SHORTEST.
        halvings = max(1, (max(levels.values(), default=0) // SHORTEST).bit_length())
        for level in ({row: level >> halving for row, level in levels.items()} for halving in range(halvings)):
            rows = [row for row in self.left if last or level[row] >= SANE]
            self.form(rows, partial(_cut, levels=[max(SHORTEST, level[row]) for row in rows], names=names), frame)

    def _levels(self, frame: pl.DataFrame) -> dict[int, int]:
        """For each row that is left the length to which its longest texts are to be cut so that it loses what is over."""
        texts = [costs(column) for column in frame[self.left].iter_columns() if is_text(column)]
        cells = zip(*texts, strict=True) if texts else iter([()] * len(self.left))
        limit, lengths = self._limit, self._lengths
        return {row: min(limit, _level(own, lengths[row] - limit)) for row, own in zip(self.left, cells, strict=True)}


def _cut(rows: pl.DataFrame, levels: Sequence[int], names: Sequence[str]) -> Form:
    """Shaped rows with their texts cut to `levels` (bytes, one for each row), and `names` as those of what is gone."""

    def length(name: str, row: int) -> int:
        return max(SANE, levels[row]) if name in KEPT else levels[row]

    document = cut(rows, length, names)
    return document, document


def _level(cells: Sequence[int], excess: int) -> int:
    """The level to which the longest cells sink together; 0 where that is not enough."""
    longest = sorted(cells, reverse=True)
    total = 0
    for count, cost in enumerate(longest, 1):
        total += cost
        # What is over and what the names of the cut ones take is taken from the `count` longest in equal shares.
        level = (total - excess - _NAMED * (count + 1)) // count
        if level >= (longest[count] if count < len(longest) else 0):
            return level
    return 0
