"""How many rows log files have, estimated: a listing tells their lengths, and some files of each event type how long its rows are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.sources.event_log_file.csv_file import read_log_file
from agent.sources.event_log_file.download import Download
from agent.sources.event_log_file.listed_file import ListedFile
from agent.sources.salesforce.api_error import Missing

SAMPLE = 2 << 20
"""Bytes: of each event type files up to this are read, to know how long its rows are."""
SAMPLED, ONE_OF = 8, 12
"""So many of them at most, and one of so many."""

Fetch = Callable[[ListedFile], Download]
"""The file itself. Raises Missing for one that is gone."""


@dataclass(frozen=True, slots=True)
class RowLength:
    """Of one event type: bytes of the header, and of a row."""

    header: int
    row: float

    def rows(self, listed: ListedFile) -> float:
        return max(0.0, (listed.length - self.header) / self.row)


def rows_of(files: Sequence[ListedFile], fetch: Fetch) -> float:
    """The rows of files of any types. Raises what `fetch` raises, but for files that are gone."""
    by_type: dict[str, list[ListedFile]] = defaultdict(list)
    for file in files:
        by_type[file.event_type].append(file)
    return sum(_rows_of_type(of_type, fetch) for of_type in by_type.values())


def _rows_of_type(files: Sequence[ListedFile], fetch: Fetch) -> float:
    length = _row_length(files, fetch)
    return sum(length.rows(file) for file in files) if length is not None else 0.0


def _row_length(files: Sequence[ListedFile], fetch: Fetch) -> RowLength | None:
    """Of the files of one type, by some of them that are spread over all lengths: the longest alone may have one monstrous
    row. None where none of them has a row.
    """
    short = sorted((file for file in files if file.length <= SAMPLE), key=lambda file: file.length)
    short = short or [min(files, key=lambda file: file.length)]
    count = max(1, min(SAMPLED, len(short) // ONE_OF))
    headers = bodies = rows = 0
    for number in range(count):
        header, body, found = _measured(short[(2 * number + 1) * len(short) // (2 * count)], fetch)
        headers, bodies, rows = headers + header, bodies + body, rows + found
    return RowLength(headers // count, bodies / rows) if rows and bodies else None


def _measured(listed: ListedFile, fetch: Fetch) -> tuple[int, int, int]:
    """Bytes of a file's header and of all behind it, and its rows; nothing of a file that is gone."""
    try:
        got = fetch(listed)
    except Missing:
        return 0, 0, 0
    with got.file:
        got.file.seek(0)
        header = len(got.file.readline())
        got.file.seek(0)
        rows = sum(piece.rows for piece in read_log_file(got.file, name=f"{listed.event_type} {listed.id}"))
    return header, got.length - header, rows
