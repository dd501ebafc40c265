"""The bytes of a column of text, without a copy per row."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from agent.columns.small import SMALL

_IN_VIEW = 12
"""Bytes of a text up to which its view holds it itself."""
_LITTLE = 1 << 18
"""Bytes up to which a few lines are put together in Python: more cost less through their buffers."""
_MOST_STRETCHES = 64
"""With more of them each is so short that a copy of all costs no more."""


@dataclass(frozen=True, slots=True)
class StringBuffer:
    """The UTF-8 bytes of a `String` series (no nulls) and where each row begins in them."""

    data: memoryview
    offsets: memoryview
    """n + 1 integers (int64); row i is `data[offsets[i]:offsets[i + 1]]`."""

    @classmethod
    def of(cls, series: pl.Series) -> StringBuffer:
        """`series`: `String` without nulls. Costs one copy of the whole, none per row."""
        array = series.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, data = array.buffers()
        first, count = array.offset, len(array)
        places = (
            memoryview(offsets).cast("B").cast("q")[first : first + count + 1]
            if offsets
            else memoryview(b"\0" * 8).cast("q")
        )
        return cls(memoryview(data) if data is not None else memoryview(b""), places)

    def row(self, index: int) -> memoryview:
        return self.data[self.offsets[index] : self.offsets[index + 1]]

    def rows(self, start: int, end: int) -> memoryview:
        """Rows start to end (exclusive), one after another."""
        return self.data[self.offsets[start] : self.offsets[end]]


def body(lines: pl.Series) -> memoryview:
    """All lines one after another, as bytes (`String`, no nulls)."""
    pieces = stretches(lines)
    return pieces[0] if len(pieces) == 1 else memoryview(b"".join(pieces))


def stretches(lines: pl.Series) -> list[memoryview]:
    """As `body`, in as few pieces as can be had without a copy; in one, with a copy, where they would be many.

    Lines that were put together in one go lie behind each other in buffers that double, to 16 MB. Of each row Arrow has a
    view of four words: its length, its first four bytes, the number of its buffer and where it begins there.
    """
    if len(lines) <= SMALL and lines.estimated_size() <= _LITTLE:  # to look at its buffers costs more than ten lines
        return [memoryview("".join(lines.to_list()).encode())]
    array = lines.rechunk().to_arrow(compat_level=pl.CompatLevel.newest())
    _, views, *buffers = array.buffers()
    words = pl.Series(pa.Array.from_buffers(pa.uint32(), 4 * (array.offset + len(array)), [None, views]))
    words = words[4 * array.offset :]
    lengths, places, starts = words.gather_every(4), words.gather_every(4, 2), words.gather_every(4, 3)
    shortest, ends = lengths.min(), starts + lengths
    if not isinstance(shortest, int) or shortest <= _IN_VIEW:
        return [_copied(lines)]
    last = ((starts[1:] != ends[:-1]) | (places[1:] != places[:-1])).arg_true().to_list()
    if len(last) >= _MOST_STRETCHES:
        return [_copied(lines)]
    first, last = [0, *(row + 1 for row in last)], [*last, len(lines) - 1]
    return [
        memoryview(buffers[places[begin]])[starts[begin] : ends[end]] for begin, end in zip(first, last, strict=True)
    ]


def _copied(lines: pl.Series) -> memoryview:
    return StringBuffer.of(lines).rows(0, len(lines))


def has_any(texts: pl.Series, characters: str) -> bool:
    """Whether one of these characters is anywhere in a column of text, nulls or not.

    One search through all of its bytes takes a tenth of what a search in each cell takes.
    """
    data = bytes(StringBuffer.of(texts).data)
    return any(character.encode() in data for character in characters)


def byte_lengths(texts: pl.Series) -> pl.Series:
    """Of each text (`String`, no nulls), in UTF-8 (`UInt32`)."""
    if len(texts) > SMALL:
        return texts.str.len_bytes()
    return pl.Series(texts.name, [len(text.encode()) for text in texts.to_list()], dtype=pl.UInt32)


def count_of(character: str, data: bytes | memoryview) -> int:
    """How often an ASCII character is in UTF-8 text, which is not copied.

    `bytes.count` takes ten times as long where the character is there often, as quotes and separators are.
    """
    codes = pl.Series(pa.Array.from_buffers(pa.uint8(), len(data), [None, pa.py_buffer(data)]), dtype=pl.UInt8)
    return int((codes == ord(character)).sum())
