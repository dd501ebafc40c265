"""Log files to frames: equal to Python's csv on good input, right to the row on bad input."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import TransportError
from agent.sources.event_log_file import csv_file
from agent.sources.event_log_file.csv_file import read_log_file
from agent.sources.event_log_file.csv_piece import MAX_ROWS, CsvPiece

HEADER = b'"EVENT_TYPE","TIMESTAMP","USER_AGENT"\n'


def encode(rows: list[list[str]], *, end: str = "\n") -> bytes:
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) + end for row in rows)
    return "".join(quoted).encode()


def good(number: int, text: str = "curl/8") -> list[str]:
    return ["Login", f"2026070112{number:04}.000", text]


def read(data: bytes, **options: int) -> list[CsvPiece]:
    return list(read_log_file(io.BytesIO(data), name="file", **options))


def rows_of(pieces: list[CsvPiece]) -> list[tuple[str | None, ...]]:
    return [row for piece in pieces for row in piece.frame.rows()]


def bad_of(pieces: list[CsvPiece]) -> list[tuple[int, str, bytes]]:
    return [(bad.row, bad.reason, bad.raw) for piece in pieces for bad in piece.bad]


CELL = st.text(st.sampled_from(list("ab1 \",\n\r|=\\'é漢\x00\x1f")) | st.characters(codec="utf-8"), max_size=12)


FEW = st.sampled_from([0, csv_file.FEW_BYTES])
"""All chunks through Polars, or small ones split in Python."""


@settings(deadline=None)
@given(st.lists(st.lists(CELL, min_size=3, max_size=3), max_size=30), st.integers(1, 200), st.booleans(), FEW)
def test_valid_files_read_as_pythons_csv_module_reads_them(
    rows: list[list[str]], chunk: int, event_type: bool, few: int
) -> None:
    """Whatever the cells hold and wherever chunks are cut, rows and row numbers are those of Python's csv module."""
    if event_type:
        rows = [["Login", *row[1:]] for row in rows]
    data = HEADER + encode(rows)
    expected = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))[1:]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "FEW_BYTES", few)
        pieces = read(data, chunk_bytes=chunk)
    assert rows_of(pieces) == [tuple(cell or None for cell in row) for row in expected]
    assert [number for piece in pieces for number in piece.row_numbers()] == list(range(1, len(rows) + 1))
    assert bad_of(pieces) == []
    assert pieces[-1].end_offset == len(data)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["good", "short", "long", "stray", "open", "latin", "blank", "quoted"]), max_size=40),
    st.integers(30, 2000),
    st.integers(1, 500),
    FEW,
)
def test_each_bad_record_is_rejected_alone(kinds: list[str], chunk: int, leaf: int, few: int) -> None:
    """Malformed records anywhere in a file are kept with their row numbers and bytes, and no good row is lost."""
    malformed = {
        "short": b'"Login","20260701"',
        "long": b'"Login","20260701","x","y"',
        "stray": b'"Login","2026"0701","x"',
        "open": b'"Login","20260701","x',
        "latin": b'"Login","20260701","M\xfcller"',
        "blank": b"",
    }
    records, expected_good, expected_bad = [], [], []
    for number, kind in enumerate(kinds, 1):
        if kind in malformed:
            records.append(malformed[kind] + b"\n")
            expected_bad.append((number, malformed[kind]))
        else:
            row = good(number, 'say ""hi""\nthere' if kind == "quoted" else "curl/8")
            records.append(encode([row]))
            expected_good.append((number, tuple(row)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_file, "LEAF_BYTES", leaf)
        patch.setattr(csv_file, "FEW_BYTES", few)
        pieces = read(HEADER + b"".join(records), chunk_bytes=chunk)
    numbers = [number for piece in pieces for number in piece.row_numbers()]
    assert list(zip(numbers, rows_of(pieces), strict=True)) == expected_good
    assert [(row, raw) for row, _, raw in bad_of(pieces)] == expected_bad


@settings(deadline=None)
@given(st.integers(0, 70), st.integers(20, 300))
def test_reading_goes_on_behind_any_row(start: int, chunk: int) -> None:
    """Resuming behind row n yields exactly the rows and rejections after n, with their numbers."""
    records = [encode([good(n)]) if n % 7 else b'"Login","short"\n' for n in range(1, 61)]
    pieces = read(HEADER + b"".join(records), chunk_bytes=chunk, start_row=start)
    numbers = [number for piece in pieces for number in piece.row_numbers()]
    assert numbers == [n for n in range(start + 1, 61) if n % 7]
    assert [row for row, _, _ in bad_of(pieces)] == [n for n in range(start + 1, 61) if n % 7 == 0]


def test_each_reason_says_what_is_wrong() -> None:
    """A rejection names the fault in words."""
    data = HEADER + b'"Login","a"\n"Login","a","b","c"\n"Login","a"b","c"\n"Login","\xff","c"\n\n' + encode([good(1)])
    reasons = [reason for _, reason, _ in bad_of(read(data))]
    assert reasons[0] == "2 cells where the header names 3 columns"
    assert reasons[1] == "4 cells where the header names 3 columns"
    assert "quote" in reasons[2]
    assert "not UTF-8" in reasons[3]
    assert reasons[4] == "blank line"


def test_rejections_carry_their_address() -> None:
    """A piece turns its bad records into rejections with org, source, type and file."""
    (piece,) = read(HEADER + b'"Login","short"\n')
    (rejection,) = piece.rejections("00D", "event_log_file", "Login", "0AT1")
    assert (rejection.org, rejection.event_type, rejection.input, rejection.row) == ("00D", "Login", "0AT1", 1)
    assert rejection.raw == b'"Login","short"'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_are_tolerated(end: str) -> None:
    """CRLF files and files with a byte order mark read as others do."""
    data = b"\xef\xbb\xbf" + encode([["EVENT_TYPE", "A", "B"], good(1, "x\r\ny"), good(2)], end=end)
    pieces = read(data)
    assert pieces[0].frame.columns == ["EVENT_TYPE", "A", "B"]
    assert rows_of(pieces) == [tuple(good(1, "x\r\ny")), tuple(good(2))]


def test_a_header_alone_yields_one_empty_piece() -> None:
    """A file without rows still tells its columns."""
    for data in (HEADER, HEADER.rstrip()):
        (piece,) = read(data)
        assert piece.frame.columns == ["EVENT_TYPE", "TIMESTAMP", "USER_AGENT"]
        assert (piece.rows, piece.frame.height, piece.first_row) == (0, 0, 1)


def test_strange_headers_give_unique_plain_names() -> None:
    """Doubled, empty and dotted column names become usable ones."""
    (piece,) = read(b'"A","A","","b.c"\n"1","2","3","4"\n')
    assert piece.frame.rows(named=True) == [{"A": "1", "A_2": "2", "COLUMN_3": "3", "b_c": "4"}]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n",
        b"<!DOCTYPE html><html>Login</html>",
        b'\n <html lang="en">',
        b'[{"errorCode":"X"}]',
        b'"EVENT_TYPE","A\n',
        b'"\xff","A"\n',
    ],
)
def test_what_is_no_log_file_is_a_transport_error(data: bytes) -> None:
    """A web page, JSON, an empty body or half a header is refused as a whole, by name."""
    with pytest.raises(TransportError, match="file"):
        read(data)


def test_files_without_quotes_are_read() -> None:
    """A file saved again without quotes reads, and its short and long rows are rejected."""
    data = b"EVENT_TYPE,A,B\nLogin,,x\nLogin,1\nLogin,1,2,3\n\n" + b'Login,"a,b","say ""x"""\nLogin,1,2\n'
    for chunk in (10, 1000):
        pieces = read(data, chunk_bytes=chunk)
        assert rows_of(pieces) == [("Login", None, "x"), ("Login", "a,b", 'say "x"'), ("Login", "1", "2")]
        assert [row for row, _, _ in bad_of(pieces)] == [2, 3, 4]


def test_large_cells_are_read() -> None:
    """Cells above 128 KiB, with line feeds and quotes, pass."""
    text = 'x"\n' * 100_000
    pieces = read(HEADER + encode([good(1, text), good(2)]), chunk_bytes=10_000)
    assert rows_of(pieces) == [tuple(good(1, text)), tuple(good(2))]


def test_a_record_without_end_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A record above the limit is rejected with its first bytes, and reading goes on at the next one."""
    monkeypatch.setattr(csv_file, "LONGEST_RECORD", 1 << 20)
    overlong = b'"Login","1","' + b"x" * (3 << 20) + b"\n"
    data = HEADER + encode([good(1)]) + overlong + encode([good(3), good(4)])
    pieces = read(data, chunk_bytes=1 << 16)
    assert rows_of(pieces) == [tuple(good(n)) for n in (1, 3, 4)]
    ((row, reason, raw),) = bad_of(pieces)
    assert (row, reason) == (2, f"a record of more than {1 << 20} bytes")
    assert overlong.startswith(raw)
    assert pieces[-1].end_offset == len(data)


def test_a_piece_has_at_most_the_rows_the_state_can_remember() -> None:
    """Very short rows do not make pieces of more than 100,000 rows."""
    pieces = read(b'"A"\n' + b'""\n' * 250_000)
    assert max(piece.rows for piece in pieces) <= MAX_ROWS
    assert sum(piece.rows for piece in pieces) == 250_000


def test_gzipped_files_are_read_and_cut_ones_refused(tmp_path: Path) -> None:
    """A local file may be gzipped; a cut or damaged container is an error, not a short file."""
    data = HEADER + encode([good(n) for n in range(2000)])
    whole, cut = tmp_path / "a.csv.gz", tmp_path / "b.csv.gz"
    whole.write_bytes(gzip.compress(data))
    cut.write_bytes(gzip.compress(data)[:-9])
    assert len(rows_of(list(read_log_file(whole)))) == 2000
    with pytest.raises(TransportError, match=r"b\.csv\.gz"):
        list(read_log_file(cut))


def test_plain_files_are_read_by_path(tmp_path: Path) -> None:
    """A path to a plain file works, and all columns are text."""
    path = tmp_path / "login.csv"
    path.write_bytes(HEADER + encode([good(1)]))
    (piece,) = read_log_file(path)
    assert piece.frame.schema == dict.fromkeys(["EVENT_TYPE", "TIMESTAMP", "USER_AGENT"], pl.String)
