r"""Log-file records one at a time: where a chunk holds something malformed, to keep the good ones around it.

The dialect: UTF-8, comma, LF (CRLF tolerated), every cell quoted, a quote inside a cell doubled. Inside a well-formed
cell a line feed is never followed by a single quote and a letter; so `\n"<EVENT_TYPE>","` is always a record's
beginning, and reading finds its feet there again after a stray quote.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

_CELL = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^",\r\n]*+)'
_RECORD = re.compile(_CELL + rb"(?:," + _CELL + rb")*+(?=\r?\n|\Z)")
_CELLS = re.compile(rb"(?:\A|,)(" + _CELL + rb")")
BEGINNING = re.compile(rb'\n"\w+","')
_LINE_END = re.compile(rb"\r?\n|\Z")

KEPT_BYTES = 1 << 20
"""So much of a bad record is kept."""


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot become a row. `row`: 1 for the first record after the header."""

    row: int
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Records:
    """`rows` (one text or None for each cell) and `bad`, together `count` records."""

    rows: list[list[str | None]]
    bad: list[BadRecord]

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.bad)


def pattern_of(width: int) -> re.Pattern[bytes]:
    """What a record of `width` cells looks like."""
    return re.compile(_CELL + rb"(?:,%b){%d}(?=\r?\n|\Z)" % (_CELL, width - 1))


def header_end(data: bytes, *, all_read: bool) -> int:
    """Where the first record's line end begins, or -1 if `data`, more of which may follow, does not hold it whole."""
    found = _RECORD.match(data)
    return found.end() if found and (all_read or found.end() < len(data)) else -1


def cells_of(record: bytes, most: int) -> list[str]:
    """The first `most` cells of a well-formed record, unquoted: a record of commas has millions. Raises UnicodeDecodeError."""
    return [_unquoted(found[1]).decode() for found in islice(_CELLS.finditer(record), most)]


def column_names(cells: list[str]) -> list[str]:
    """Unique, not empty, without dots (dotted names are the computed columns')."""
    names: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        plain = cell.strip().replace(".", "_") or f"COLUMN_{number}"
        # Numbers go on from the last one given to this name: 2,000 equal names would else take two million tries.
        name, again = plain, names.get(plain, 1)
        while name in names:
            again += 1
            name = f"{plain}_{again}"
        names[plain] = again
        names.setdefault(name, 1)
    return list(names)


def balanced_end(data: bytes) -> int:
    """Behind the last line feed with an even number of quotes before it, or 0.

    An odd number means that the line feed is inside a cell. Counted once, then less what lies behind: one pass in all.
    """
    quotes, end = data.count(b'"'), len(data)
    while (found := data.rfind(b"\n", 0, end)) >= 0:
        quotes -= data.count(b'"', found, end)
        if quotes % 2 == 0:
            return found + 1
        end = found
    return 0


def last_beginning(data: bytes) -> int:
    """Where the last record begins, going by its look; or 0."""
    return max((found.start() + 1 for found in BEGINNING.finditer(data)), default=0)


def plain_rows(data: bytes, width: int) -> list[list[str]] | None:
    """The cells of records that are all well-formed, quoted and without a quote inside; None for any other text.

    Then there are two quotes for each cell and none besides, so what stands between two cells is surely no part of one.
    """
    body = data.removesuffix(b"\n")
    if not body.startswith(b'"') or not body.endswith(b'"'):
        return None
    try:
        records = body[1:-1].decode().split('"\n"')
    except UnicodeDecodeError:
        return None
    if data.count(b'"') != 2 * width * len(records):
        return None
    rows = [record.split('","') for record in records]
    return rows if all(len(cells) == width for cells in rows) else None


def read_records(data: bytes, width: int, first_row: int, beginning: bytes | None) -> Records:
    """The records of `data`, which begins at one; those without `width` cells are bad.

    `beginning` is what every record of this file begins with, behind a line feed, if that is known.
    """
    records = Records([], [])
    place = 0  # bytes of `data` that are read
    while place < len(data):
        end, reason = _next_record(data, place, beginning)
        record = data[place:end]
        cells = None if reason else _row(record, width)
        if isinstance(cells, list):
            records.rows.append(cells)
        else:
            row = first_row + records.count
            records.bad.append(BadRecord(row, reason or str(cells), record[:KEPT_BYTES]))
        place = _LINE_END.match(data, end).end()  # type: ignore[union-attr]
    return records


def _next_record(data: bytes, place: int, beginning: bytes | None) -> tuple[int, str]:
    """Where the record at `place` ends, and what is wrong with it as a whole."""
    found = _RECORD.match(data, place)
    if found is not None:
        return found.end(), "" if found.end() > place else "blank line"
    quote = data.startswith(b'"', place)
    if beginning is not None:
        resumed = data.find(beginning, place)
    elif quote:
        resumed = again.start() if (again := BEGINNING.search(data, place)) else -1
    else:
        resumed = data.find(b"\n", place)
    # It ends before the next beginning. Blank lines behind it are records of their own, so line ends are not part of it.
    end = place + len(data[place : resumed if resumed >= 0 else len(data)].rstrip(b"\r\n"))
    # At least one byte, or reading would stay where it is.
    return max(end, place + 1), "a quote that is not doubled, or a cell that is not closed"


def _row(record: bytes, width: int) -> list[str | None] | str:
    """The cells (empty is None), or why they make no row."""
    try:
        cells = cells_of(record, width + 1)  # one more than fit: enough to see that there are too many
    except UnicodeDecodeError as error:
        return f"not UTF-8: {error.reason} at byte {error.start} of a cell"
    if len(cells) > width:
        count = sum(1 for _ in _CELLS.finditer(record))
        return f"{count} cells where the header names {width} columns"
    if len(cells) < width:
        return f"{len(cells)} cells where the header names {width} columns"
    return [cell or None for cell in cells]


def _unquoted(cell: bytes) -> bytes:
    return cell[1:-1].replace(b'""', b'"') if cell.startswith(b'"') else cell
