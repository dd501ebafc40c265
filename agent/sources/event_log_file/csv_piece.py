"""A part of a log file: some consecutive records, the good ones as a frame."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from agent.model import Rejection
from agent.sources.event_log_file.csv_record import BadRecord

MAX_ROWS = 100_000
"""Rows of one piece at most, so that what is remembered of each row (8 bytes) fits the state's values."""


@dataclass(frozen=True, slots=True)
class CsvPiece:
    """Consecutive records of a log file."""

    frame: pl.DataFrame
    """The good ones: the header's columns, all `String`, an empty cell is null."""
    first_row: int
    """Number of the first record, good or bad; 1 is the first after the header."""
    rows: int
    """Number of records, good and bad."""
    bad: Sequence[BadRecord]
    end_offset: int
    """Bytes (not compressed) of the file up to the end of the last record."""

    def row_numbers(self) -> pl.Series:
        """The record number (`Int64`) of each row of `frame`."""
        numbers = pl.int_range(self.first_row, self.first_row + self.rows, eager=True)
        if not self.bad:
            return numbers
        # One flag for each record of the piece, at its offset from the first; the good ones are what is left.
        bad = pl.Series([record.row - self.first_row for record in self.bad], dtype=pl.UInt32)
        return numbers.filter(~pl.select(pl.repeat(False, self.rows)).to_series().scatter(bad, True))

    def rejections(self, org: str, source: str, event_type: str, name: str) -> list[Rejection]:
        """The bad records, addressed. `name`: the file's path, or its record id."""
        return [Rejection(org, source, event_type, name, bad.row, bad.reason, bad.raw) for bad in self.bad]


def parts(piece: CsvPiece) -> Iterator[CsvPiece]:
    """The piece in parts of `MAX_ROWS` records: bad records can be as short as a line feed."""
    if piece.rows <= MAX_ROWS:
        yield piece
        return
    numbers, last = piece.row_numbers(), piece.first_row + piece.rows  # `last`: the number behind the last record
    bad_rows = [record.row for record in piece.bad]
    for first in range(piece.first_row, last, MAX_ROWS):
        end = min(first + MAX_ROWS, last)
        bad = piece.bad[bisect_left(bad_rows, first) : bisect_left(bad_rows, end)]
        yield CsvPiece(
            piece.frame.filter((numbers >= first) & (numbers < end)), first, end - first, bad, piece.end_offset
        )


def from_row(piece: CsvPiece, row: int) -> CsvPiece:
    """`piece` without its records before number `row`."""
    if piece.first_row >= row:
        return piece
    keep = piece.row_numbers() >= row  # `row` is a record of the piece, or the one behind its last
    rows = piece.first_row + piece.rows - row
    return CsvPiece(
        piece.frame.filter(keep), row, rows, [record for record in piece.bad if record.row >= row], piece.end_offset
    )
