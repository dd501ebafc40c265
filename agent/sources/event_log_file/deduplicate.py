"""Which rows of a log file are new: those whose ids no other file of the same hour brought before."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import polars as pl

from agent.model import Recall, Rejection
from agent.sources.event_log_file.csv_piece import CsvPiece
from agent.sources.event_log_file.listed_file import ListedFile

ID_BYTES = 8
"""What is remembered of an id."""


class RowNaming(Protocol):
    """The `event.id` (`String`) of each row as if it were the first of its kind in its file."""

    def __call__(self, frame: pl.DataFrame, org: str, event_type: str) -> pl.Series: ...


class RepeatNumbering(Protocol):
    """Tells equal rows of one file apart, in the order of the file."""

    def number(self, ids: pl.Series) -> tuple[pl.Series, bytes]:
        """Ids told apart, and what to remember of them (8 bytes each)."""
        ...


class TakenIds(Protocol):
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
    """With `event.id`."""
    row_numbers: pl.Series
    """`Int64`: the record number of each row of `frame`."""
    rejections: list[Rejection]
    duplicates: int
    remember: bytes


class RowFilter:
    """For one pass over one file, piece after piece."""

    def __init__(self, identity: RowIdentity, recall: Recall, org: str, listed: ListedFile, pieces: int = 0) -> None:
        """`pieces`: how many pieces of this pass are committed already."""
        self._identify = identity.identify
        self._org = org
        self._listed = listed
        own = {piece_key(listed, number) for number in range(pieces)}
        other_files = [key for prefix in listed.overlapping_prefixes() for key in recall.keys(prefix) if key not in own]
        self._own_ids = [recall(key) or b"" for key in sorted(own)]
        self._ids_of_others = [recall(key) or b"" for key in other_files]
        self._occurrences = identity.occurrences(self._own_ids)
        self._taken = identity.taken(self._ids_of_others) if other_files else None
        self.checks_hours_against_day = listed.kind == "Daily" and any(
            not key.startswith(f"{listed.day_prefix}day/") for key in other_files
        )

    def sift(self, piece: CsvPiece, source: str) -> FilteredRows:
        """Names the rows of the next piece and drops those taken before. A bad record is named by its bytes."""
        rejections = piece.rejections(self._org, source, self._listed.event_type, self._listed.id)
        ids, remember = self._named(piece)
        frame = piece.frame.with_columns(ids[: piece.frame.height].alias("event.id"))
        numbers = piece.row_numbers()
        if self._taken is None:
            return FilteredRows(frame, numbers, rejections, 0, remember)
        new = ~self._taken.mask(ids)
        kept = [r for r, is_new in zip(rejections, new[piece.frame.height :], strict=True) if is_new]
        numbers, frame = numbers.filter(new[: frame.height]), frame.filter(new[: frame.height])
        return FilteredRows(frame, numbers, kept, len(ids) - frame.height - len(kept), remember)

    def share_known(self, pieces: Iterable[CsvPiece]) -> float:
        """How much of this file agrees with what is taken already: of its rows, or of the taken ones if these are fewer."""
        rows = known = 0
        for piece in pieces:
            ids, _ = self._named(piece)
            rows += len(ids)
            known += int(self._taken.mask(ids).sum()) if self._taken else 0
        fewest = min(rows, sum(map(len, self._ids_of_others)) // ID_BYTES)
        return known / fewest if fewest else 1.0

    def _named(self, piece: CsvPiece) -> tuple[pl.Series, bytes]:
        ids = self._identify(piece.frame, self._org, self._listed.event_type)
        if piece.bad:
            person = f"{self._org} {self._listed.event_type} ".encode()
            bad = [blake2b(person + record.raw, digest_size=16).hexdigest() for record in piece.bad]
            ids = pl.concat([ids, pl.Series(ids.name, bad, dtype=pl.String)])
        return self._occurrences.number(ids)


def piece_key(listed: ListedFile, number: int) -> str:
    """Under which the ids of a file's piece are remembered."""
    return f"{listed.taken_prefix}{number:06}"
