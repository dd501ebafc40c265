"""Which rows of a log file are new: those whose ids no other file of the same hour brought before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import polars as pl

from agent.model import Rejection
from agent.source import Recall
from agent.sources.event_log_file.csv_piece import CsvPiece
from agent.sources.event_log_file.listed_file import ListedFile

ID_BYTES = 8
"""What is remembered of an id: 64 bits, so that a piece of 100,000 rows fits a value of the state (1 MB)."""


class RowNaming(Protocol):
    """`frame`: the header's columns, all `String`. Result: the `event.id` (`String`) of each row as if it were the first of its kind in its file."""

    def __call__(self, frame: pl.DataFrame, org: str, event_type: str) -> pl.Series: ...


class RepeatNumbering(Protocol):
    """Tells equal rows of one file apart, in the order of the file."""

    def number(self, ids: pl.Series) -> tuple[pl.Series, bytes]:
        """Ids told apart, and what to remember of them (8 bytes each)."""
        ...


class TakenIds(Protocol):
    """Ids of rows that other files brought."""

    def mask(self, ids: pl.Series) -> pl.Series:
        """`Boolean`: which ids are among those remembered."""
        ...


@dataclass(frozen=True, slots=True)
class RowIdentity:
    """How rows are named; the two classes take what `number` gave to remember."""

    identify: RowNaming
    occurrences: Callable[[Iterable[bytes]], RepeatNumbering]
    taken: Callable[[Iterable[bytes]], TakenIds]


@dataclass(frozen=True, slots=True)
class FilteredRows:
    """What a piece brings that is new."""

    frame: pl.DataFrame
    """The header's columns and `event.id`, all `String`; only rows that no other file brought."""
    row_numbers: pl.Series
    """`Int64`: the record number of each row of `frame`."""
    rejections: list[Rejection]
    duplicates: int
    """Records of the piece, good and bad, that another file brought."""
    remember: bytes
    """The ids of all records of the piece, known or not: `ID_BYTES` each, in the order of the file."""
    counted: int = 0
    """Of the duplicates of a day's file: those that an earlier file of the same day has as well."""
    unreadable: int = 0
    """Of the duplicates, without `counted`: records that cannot be read."""


class RowFilter:
    """For one pass over one file, piece after piece."""

    def __init__(self, identity: RowIdentity, recall: Recall, org: str, listed: ListedFile, pieces: int = 0) -> None:
        """`pieces`: how many pieces of this pass are committed already."""
        self._identify = identity.identify
        self._org = org
        self._listed = listed
        # Two kinds of ids under the prefixes of this hour (and its day). Those of this very pass go on numbering equal
        # rows where it stopped; all others, also those of an older version of this file, are rows taken before.
        own = {piece_key(listed, number) for number in range(pieces)}
        other_files = [key for prefix in listed.overlapping_prefixes() for key in recall.keys(prefix) if key not in own]
        self.is_reissue = any(map(listed.is_reissue_of, other_files))
        """Whether this file was read before in another version, so that what is new in it was added."""
        self._own_ids = [recall(key) or b"" for key in sorted(own)]
        self._ids_of_others = [recall(key) or b"" for key in other_files]
        self._occurrences = identity.occurrences(self._own_ids)
        self._taken = identity.taken(self._ids_of_others) if other_files else None
        of_days = [recall(key) or b"" for key in other_files if key.startswith(f"{listed.day_prefix}day/")]
        self._taken_by_days = identity.taken(of_days) if of_days and listed.kind == "Daily" else None
        # Only a day's file, and only if hours of that day were read: `day/` holds ids of daily files alone.
        self.checks_hours_against_day = listed.kind == "Daily" and any(
            not key.startswith(f"{listed.day_prefix}day/") for key in other_files
        )

    def sift(self, piece: CsvPiece, source: str) -> FilteredRows:
        """Names the rows of the next piece and drops those taken before. A bad record is named by its bytes.

        Pieces must come in the order of the file, each once: equal rows are numbered from one to the next.
        """
        rejections = piece.rejections(self._org, source, self._listed.event_type, self._listed.id)
        ids, remember = self._named(piece)
        frame = piece.frame.with_columns(ids[: piece.frame.height].alias("event.id"))
        numbers = piece.row_numbers()
        # `ids` has the good rows first, in the order of `frame`, and the bad records behind them.
        new = ~self._taken.mask(ids) if self._taken is not None else None
        if new is None or new.all():
            return FilteredRows(frame, numbers, rejections, 0, remember)
        kept = [r for r, is_new in zip(rejections, new[piece.frame.height :], strict=True) if is_new]
        numbers, frame = numbers.filter(new[: frame.height]), frame.filter(new[: frame.height])
        counted = self._taken_by_days.mask(ids) if self._taken_by_days is not None else None
        known_bad = ~new[piece.frame.height :]
        if counted is not None:
            known_bad &= ~counted[piece.frame.height :]
        return FilteredRows(
            frame,
            numbers,
            kept,
            duplicates=len(ids) - frame.height - len(kept),
            remember=remember,
            counted=int(counted.sum()) if counted is not None else 0,
            unreadable=int(known_bad.sum()),
        )

    def share_known(self, pieces: Iterable[CsvPiece]) -> float:
        """How much of this file agrees with what is taken already: of its rows, or of the taken ones if these are fewer."""
        rows = known = 0
        for piece in pieces:
            ids, _ = self._named(piece)
            rows += len(ids)
            known += int(self._taken.mask(ids).sum()) if self._taken else 0
        # Either side may lack rows: an hour whose late increment is still to come, or a day's file made too early.
        fewest = min(rows, sum(map(len, self._ids_of_others)) // ID_BYTES)
        return known / fewest if fewest else 1.0

    def _named(self, piece: CsvPiece) -> tuple[pl.Series, bytes]:
        """Ids of the piece's records (`String`), good ones and then bad ones, and what to remember of them."""
        ids = self._identify(piece.frame, self._org, self._listed.event_type)
        if piece.bad:
            person = f"{self._org} {self._listed.event_type} ".encode()
            bad = [blake2b(person + record.raw, digest_size=16).hexdigest() for record in piece.bad]
            ids = pl.concat([ids, pl.Series(ids.name, bad, dtype=pl.String)])
        return self._occurrences.number(ids)


def piece_key(listed: ListedFile, number: int) -> str:
    """Under which the ids of a file's piece are remembered; six digits, so that keys sort in the order of the pieces."""
    return f"{listed.taken_prefix}{number:06}"
