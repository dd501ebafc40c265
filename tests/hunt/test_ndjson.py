"""NDJSON in pieces, and what stands in its lines."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from agent.errors import LeaklineError
from agent.hunt import line_chunks
from agent.hunt.line_chunks import chunks
from agent.hunt.ndjson import NdjsonReader
from agent.hunt.raw import pieces

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class BreakingFile(io.RawIOBase):
    """Gives so many bytes of its data at a time, and fails at the end."""

    def __init__(self, data: bytes, at_once: int) -> None:
        self._left = data
        self._at_once = at_once

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        if not self._left:
            raise OSError("broken")
        with memoryview(buffer) as view:
            part = self._left[: min(self._at_once, len(view))]
            view[: len(part)] = part
        self._left = self._left[len(part) :]
        return len(part)


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_pieces_are_whole_lines(size: int) -> None:
    """Whatever their size; a byte order mark is no part of the first line, and the last needs no end."""
    data = b"\xef\xbb\xbf" + b"".join(b"%d\r\n" % n for n in range(50)) + b"last"
    found = list(chunks(io.BytesIO(data), size))
    assert b"".join(found) == data[3:]
    assert all(piece.endswith(b"\n") for piece in found[:-1])


@pytest.mark.parametrize("at_once", [3, 10_000])
def test_lines_before_a_break_are_handed_out(at_once: int) -> None:
    """All whole lines that came out of a stream before it failed."""
    stream = io.BufferedReader(BreakingFile(b"one\ntwo\nthr", at_once), 4)
    found = []
    with pytest.raises(OSError, match="broken"):
        for piece in chunks(stream):
            found.append(piece)
    assert b"".join(found) == b"one\ntwo\n"


def test_a_file_that_breaks_off_is_read_to_there(tmp_path: Path) -> None:
    """A download of a gzipped file that was cut short still tells most of what it has."""
    path = tmp_path / "cut.gz"
    lines = b"".join(b'{"a":%d}\n' % (n * 7919 % 1_000_003) for n in range(300_000))
    path.write_bytes(gzip.compress(lines, 1)[:-100])
    read = []
    with pytest.raises(LeaklineError, match=r"cut\.gz cannot be read"):
        for piece, _ in pieces(path):
            read.append(piece)
    assert lines.startswith(b"".join(read))
    assert len(b"".join(read)) > len(lines) / 2


def test_a_line_beyond_measure_is_told_with_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the lines before it are read."""
    monkeypatch.setattr(line_chunks, "LONGEST_LINE", 100)
    monkeypatch.setattr(chunks, "__defaults__", (10,))
    path = tmp_path / "long.ndjson"
    path.write_bytes(b"{}\n{}\n" + b" " * 300 + b"{}\n")
    read = []
    with pytest.raises(LeaklineError, match=r"long\.ndjson:3: a line of more than"):
        for piece, number in pieces(path):
            read.append((piece, number))
    assert read == [(b"{}\n{}\n", 1)]


def values(line: bytes, reader: NdjsonReader) -> list[object]:
    lines = reader.read(line, 1)
    assert not lines.bad, lines.bad
    return list(lines.frame["a"])


@pytest.mark.parametrize("text", [rb"\ud800", rb"x\udc00y", rb"\ud83d\ude00", rb"\\ud800", rb"\ud800\ud801!"])
def test_half_a_surrogate_pair_hides_no_event(text: bytes) -> None:
    """A flat line and one that is taken apart say the same, and neither is refused."""
    flat, apart = b'{"a":"%s"}' % text, b'{"a":"%s","b":{}}' % text
    (first,), (second,) = values(flat, NdjsonReader(["a"])), values(apart, NdjsonReader(["a"]))
    assert first == second


@pytest.mark.parametrize("key", ["é", "a/b", "\U0001f600"])
@pytest.mark.parametrize("escaped", [True, False])
def test_a_null_under_an_escaped_key_is_there(key: str, escaped: bool) -> None:
    """`exists` is about the key, however it is written."""
    written = "".join(f"\\u{unit:04x}" for unit in _units(key)) if escaped else key
    line = f'{{"{written}":null}}'.encode()
    (found,) = NdjsonReader([key], presence=[key]).read(line, 1).frame[key]
    assert list(found) == [None]


def _units(text: str) -> list[int]:
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[place : place + 2]) for place in range(0, len(data), 2)]


@pytest.mark.parametrize("line", [b'{"a":' * 1000 + b"1" + b"}" * 1000, b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}"])
def test_a_line_of_many_levels_costs_itself_alone(line: bytes) -> None:
    """It is told; the lines beside it are read."""
    lines = NdjsonReader(["a"], whole_event=True).read(b'{"a":1}\n' + line + b'\n{"a":2}\n', 1)
    assert [number for number, _ in lines.bad] == [2]
    assert lines.numbers.to_list() == [1, 3]
