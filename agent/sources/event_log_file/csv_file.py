"""EventLogFile CSV to frames: a few megabytes at a time, right to the row whatever the file holds.

Whole chunks go through Polars. A chunk counts as parsed only if no cell is missing and its quotes add up (two for
each cell, two more for each quote inside one); otherwise it is halved until the malformed record stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl
from isal import igzip
from isal.igzip_lib import IsalError

from agent.columns.string_buffer import count_of
from agent.errors import TransportError
from agent.sources.event_log_file import csv_record
from agent.sources.event_log_file.csv_piece import MAX_ROWS, CsvPiece, from_row, parts
from agent.sources.event_log_file.csv_record import KEPT_BYTES, BadRecord

CHUNK_BYTES = 3 << 20
"""What is parsed at a time: memory follows it about fiftyfold, and smaller pieces cost speed."""
LONGEST_RECORD = 16 << 20
"""Bytes; a longer one is rejected by its beginning, so that an open quote does not fill the memory."""
LONGEST_HEADER = 1 << 20
MOST_COLUMNS = 2_000
"""The widest log file has about 150."""
LEAF_BYTES = 64 << 10
"""Below this a malformed chunk is read record by record instead of being halved."""
FEW_BYTES = 128 << 10
"""Up to this a chunk is split in Python, if it is plain: Polars takes 1 ms for a chunk of a few rows and 30 columns,
whatever is in it, and is as fast from about 200 kB on."""

GZIP = b"\x1f\x8b"
"""How a gzipped file begins (RFC 1952, 2.3.1)."""
_BOM = b"\xef\xbb\xbf"


def read_log_file(
    source: BinaryIO | Path, *, name: str = "", chunk_bytes: int | None = None, start_row: int = 0
) -> Iterator[CsvPiece]:
    """Yields at least one piece (an empty one for a file of a header alone). `source` may be gzipped if it is a path.

    Records up to number `start_row` are passed over. Raises TransportError if this is no CSV (a web page, JSON,
    nothing at all) or the gzip file is damaged; OSError if it cannot be read.
    """
    name = name or str(source)
    with ExitStack() as stack:
        stream = stack.enter_context(_opened(source)) if isinstance(source, Path) else source
        try:
            yield from _CsvReader(stream, name, chunk_bytes or CHUNK_BYTES).pieces(start_row)
        except (EOFError, igzip.BadGzipFile, IsalError) as error:  # type: ignore[misc]
            raise TransportError(f"{name}: the gzip file is damaged ({error})", hint="get the file again") from error


class _CsvReader:
    """One pass over one file."""

    _beginning: bytes | None = None
    r"""What each record begins with, behind its line feed: `\n"<EVENT_TYPE>","`; None until seen."""

    def __init__(self, stream: BinaryIO, name: str, chunk_bytes: int) -> None:
        self._stream = stream
        self._name = name
        self._step = min(chunk_bytes, 1 << 16)
        self._rest, self._columns, self._quoted, self._offset = self._read_header()
        self._schema = dict.fromkeys(self._columns, pl.String())
        self._record = csv_record.pattern_of(len(self._columns))
        # A piece may have MAX_ROWS rows. None is shorter than its quotes and commas: two quotes and a separator a cell.
        shortest_row = len(self._columns) * (3 if self._quoted else 1)
        self._chunk_bytes = min(chunk_bytes, MAX_ROWS * shortest_row)
        self._row = 1

    def pieces(self, start_row: int) -> Iterator[CsvPiece]:
        """See `read_log_file`."""
        seen = False
        for data, overlong in self._chunks():
            # All records are parsed, those before `start_row` too: where a row begins is known only by reading up to it.
            piece = self._piece(data, overlong)
            self._row += piece.rows
            if piece.first_row + piece.rows > start_row + 1:
                seen = True
                yield from parts(from_row(piece, start_row + 1))
        if not seen:
            yield CsvPiece(self._frame([]), self._row, 0, (), self._offset)

    # Header

    def _read_header(self) -> tuple[bytes, list[str], bool, int]:
        """What follows the header in what was read, its columns, whether cells are quoted, and the header's length in
        bytes, with a byte order mark and the line end.
        """
        data, got = b"", b"begin"
        end = -1
        while end < 0 and got and len(data) < LONGEST_HEADER:
            got = self._stream.read(self._step)
            data += got
            end = csv_record.header_end(data.removeprefix(_BOM), all_read=not got)
        text = data.removeprefix(_BOM)
        self._refuse_what_is_no_csv(text)
        if end < 0:
            raise TransportError(f"{self._name}: it does not begin with a well-formed header line")
        header = text[:end]
        self._crlf = text.startswith(b"\r\n", end)
        rest = text[end:].removeprefix(b"\r").removeprefix(b"\n")
        try:
            cells = csv_record.cells_of(header, MOST_COLUMNS + 1)
            if len(cells) > MOST_COLUMNS:
                raise TransportError(f"{self._name}: its header names more than {MOST_COLUMNS} columns")
            columns = csv_record.column_names(cells)
        except UnicodeDecodeError as error:
            raise TransportError(f"{self._name}: its header is not UTF-8") from error
        return rest, columns, header.startswith(b'"'), len(data) - len(rest)

    def _refuse_what_is_no_csv(self, text: bytes) -> None:
        start = text[:512].lstrip()
        if start.startswith((b"<", b"{", b"[")):
            what = "a web page" if start.startswith(b"<") else "JSON"
            raise TransportError(f"{self._name}: {what} instead of a log file", hint="try again later")
        if not start:
            raise TransportError(f"{self._name}: empty, without even a header", hint="get the file again")

    # Chunks

    def _chunks(self) -> Iterator[tuple[bytes, str]]:
        """The file behind its header, cut at record boundaries; with a reason where a part is one overlong record."""
        data, wanted = self._rest, self._chunk_bytes
        while got := self._stream.read(max(wanted - len(data), self._step)):
            data += got
            if len(data) < wanted:  # a raw read may bring less than it was asked for
                continue
            end = self._boundary(data)
            if end == 0 and len(data) > LONGEST_RECORD:
                yield data[:KEPT_BYTES], f"a record of more than {LONGEST_RECORD} bytes"
                data = self._behind_overlong(data)
            elif end == 0:  # one record fills the chunk: twice as much each time, so that it is scanned log n times
                wanted = 2 * len(data)
                continue
            else:
                self._offset += end
                yield data[:end], ""
                data = data[end:]
            wanted = self._chunk_bytes
        if data:
            self._learn_beginning(data)
            self._offset += len(data)
            yield data, ""

    def _boundary(self, data: bytes) -> int:
        """The last offset in `data` where a record surely begins, or 0.

        By how every record of this file begins, where that is known; else behind a line feed with an even number of
        quotes before it; and if a stray quote spoils the count, by how records of any type begin.
        """
        self._learn_beginning(data)
        if self._beginning is not None and (found := data.rfind(self._beginning)) >= 0:
            return found + 1  # behind the line feed
        return csv_record.balanced_end(data) or csv_record.last_beginning(data)

    def _learn_beginning(self, data: bytes) -> None:
        """From the first record that has one: all rows of a file are of its one event type."""
        if self._beginning is None and self._columns[0] == "EVENT_TYPE":
            # A line feed is put in front, for the first record has none in `data`.
            found = csv_record.BEGINNING.search(b"\n" + data[:LONGEST_HEADER])
            self._beginning = found.group() if found else None

    def _behind_overlong(self, data: bytes) -> bytes:
        """Pass over a record without end; what is read of the file behind it.

        Keeps `_offset` at the number of bytes that lie before what is returned.
        """
        ending = self._beginning or b"\n"
        while (found := data.find(ending)) < 0:
            self._offset += len(data) - len(ending)
            data = data[-len(ending) :]  # the ending may straddle two reads
            got = self._stream.read(1 << 20)
            if not got:
                self._offset += len(data)
                return b""
            data += got
        self._offset += found + 1
        return data[found + 1 :]

    # Parsing

    def _piece(self, data: bytes, overlong: str) -> CsvPiece:
        if overlong:
            return CsvPiece(self._frame([]), self._row, 1, [BadRecord(self._row, overlong, data)], self._offset)
        parts: list[pl.DataFrame] = []
        bad: list[BadRecord] = []
        rows = self._parse(data, self._row, parts, bad)
        frame = pl.concat(parts, rechunk=True) if len(parts) > 1 else parts[0]
        return CsvPiece(frame, self._row, rows, bad, self._offset)

    def _parse(self, data: bytes, row: int, parts: list[pl.DataFrame], bad: list[BadRecord]) -> int:
        """Good records of `data` to `parts`, the others to `bad`; returns how many there are."""
        frame = self._quick_quoted(data) if self._quoted else self._quick_bare(data)
        if frame is not None:
            parts.append(frame)
            return frame.height
        # Halves, down to 64 kB: of a chunk of 3 MB with one malformed record all but that leaf goes through Polars.
        middle = self._middle(data)
        if middle:
            count = self._parse(data[:middle], row, parts, bad)
            return count + self._parse(data[middle:], row + count, parts, bad)
        records = csv_record.read_records(data, len(self._columns), row, self._beginning)
        parts.append(self._frame(records.rows))
        bad += records.bad
        return records.count

    def _middle(self, data: bytes) -> int:
        """A record's beginning about the middle of `data`; 0 if it is too small to halve or has none."""
        if len(data) <= LEAF_BYTES or self._beginning is None:
            return 0
        # The first beginning behind the middle, else the last before it; + 1 leaves the line feed to the first half, and
        # makes 0 of "not found".
        found = data.find(self._beginning, len(data) // 2)
        return (found if found >= 0 else data.rfind(self._beginning, 0, len(data) // 2)) + 1

    def _quick_quoted(self, data: bytes) -> pl.DataFrame | None:
        """All columns `String`, an empty cell null; None if anything is malformed, or might be."""
        rows = csv_record.plain_rows(data, len(self._columns)) if len(data) <= FEW_BYTES else None
        if rows is not None:
            return self._frame_of_columns(rows)
        frame = self._read_csv(data)
        # A missing cell is null here, an empty one is not: a short row and a blank line show.
        if frame is None or any(column.null_count() for column in frame):
            return None
        quotes, expected = count_of('"', data), 2 * frame.height * frame.width
        if quotes != expected and not self._quotes_explained(frame, data, quotes - expected):
            return None
        return frame.with_columns(pl.when(pl.all().str.len_bytes() > 0).then(pl.all()))

    def _quotes_explained(self, frame: pl.DataFrame, data: bytes, surplus: int) -> bool:
        """Whether the `surplus` of quotes beyond what cells need is doubled ones inside cells, and no two records flowed into one.

        Then half of them were left out, and nothing else but each cell's two quotes and its comma or line end.
        """
        # Bytes of `data` that are in no cell's text, less the three (two quotes, a comma or line feed) that each cell has, and
        # the carriage returns; where the last line end is missing, one more. What is left are the first halves of doubled quotes.
        text = frame.select(pl.sum_horizontal(pl.all().str.len_bytes().sum())).item()
        line_ends = data.count(b'"\r\n') if self._crlf else 0
        left_out = len(data) - text - 3 * frame.height * frame.width - line_ends + (not data.endswith(b"\n"))
        merged = self._beginning is not None and data.count(self._beginning) + 1 != frame.height
        return surplus == 2 * left_out and not merged

    def _quick_bare(self, data: bytes) -> pl.DataFrame | None:
        """For a file that somebody saved again without quotes: missing and empty cells look alike, commas tell."""
        if len(self._columns) == 1 or b'"' in data or data.startswith(_BOM):
            return None
        frame = self._read_csv(data)
        if frame is None or data.count(b",") != frame.height * (frame.width - 1):
            return None
        return frame if data.rstrip(b"\r\n").count(b"\n") + 1 == frame.height else None

    def _read_csv(self, data: bytes) -> pl.DataFrame | None:
        """What Polars makes of `data` under the header's columns, all `String`; None if it refuses."""
        # Polars makes a column of each cell of the first record, before it looks at the schema: of four million, 2 GB.
        if self._record.match(data) is None:
            return None
        try:
            return pl.read_csv(data, has_header=False, schema=self._schema, infer_schema=False)
        except (pl.exceptions.PolarsError, UnicodeError):
            return None

    def _frame_of_columns(self, rows: list[list[str]]) -> pl.DataFrame:
        """Rows of as many cells as there are columns, as a frame of `String`; an empty cell is null."""
        columns = zip(self._columns, zip(*rows, strict=True), strict=True)
        return pl.DataFrame(
            [pl.Series(name, [cell or None for cell in cells], dtype=pl.String) for name, cells in columns]
        )

    def _frame(self, rows: list[list[str | None]]) -> pl.DataFrame:
        """Rows of as many cells as there are columns, as a frame of `String`."""
        return pl.DataFrame(rows, schema=self._schema, orient="row")


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        gzipped = file.read(2) == GZIP
    if gzipped:
        return cast("BinaryIO", igzip.open(path, "rb"))  # type: ignore[no-untyped-call]
    return path.open("rb", buffering=0)
