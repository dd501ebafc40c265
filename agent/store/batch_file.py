"""A batch as the state names it, and its frames as bytes.

One frame is an Arrow IPC stream with lz4, uncompressed if it is small: 10 rows are written in 58 µs where an IPC file takes
300, and what older versions wrote of many rows is such a file. Several are `PARTS`, and each as its length (8 bytes,
little-endian) and its bytes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import orjson
import polars as pl

from agent.columns.small import SMALL
from agent.store.origin import Origin

IPC_FILE, PARTS = b"ARROW1", b"LEAKPART"
"""How the bytes of a frame as an IPC file begin, and those of several frames; a stream begins with neither."""
_LENGTH = 8


@dataclass(frozen=True, slots=True)
class BatchPart:
    """One of the frames of a batch file."""

    rows: int
    origin: Origin | None = None
    """What its rows were read from, where they can be read from it once more."""


@dataclass(frozen=True, slots=True)
class BatchFile:
    """What the state keeps of a batch."""

    name: str
    size: int
    """In bytes."""
    checksum: str
    """BLAKE2b-128 of the whole file, hexadecimal."""
    parts: tuple[BatchPart, ...]
    """At least one; rows are numbered through all of them."""

    @property
    def rows(self) -> int:
        return sum(part.rows for part in self.parts)

    def alone(self) -> Iterator[tuple[int, BatchFile]]:
        """For each part the number of its first row, and the file as if it held nothing else."""
        first = 0
        for part in self.parts:
            yield first, replace(self, parts=(part,))
            first += part.rows

    def encode(self) -> bytes:
        parts = [[part.rows, part.origin.document() if part.origin else None] for part in self.parts]
        return orjson.dumps([self.name, self.size, self.checksum, parts])

    @classmethod
    def decode(cls, data: bytes) -> BatchFile:
        name, size, checksum, parts = orjson.loads(data)
        read = (BatchPart(rows, Origin.of_document(origin) if origin else None) for rows, origin in parts)
        return cls(name, size, checksum, tuple(read))


def encode(frames: Sequence[pl.DataFrame]) -> memoryview:
    """At least one frame, of any kind each, as the bytes of a batch file."""
    buffer = io.BytesIO()
    if len(frames) == 1:
        _write(buffer, frames[0])
        return buffer.getbuffer()
    buffer.write(PARTS)
    for frame in frames:
        start = buffer.tell()
        buffer.write(bytes(_LENGTH))
        _write(buffer, frame)
        end = buffer.tell()
        buffer.seek(start)
        buffer.write((end - start - _LENGTH).to_bytes(_LENGTH, "little"))
        buffer.seek(end)
    return buffer.getbuffer()


def decode(data: bytes | memoryview) -> list[pl.DataFrame]:
    """The frames of a batch file, as `encode` got them."""
    view = memoryview(data)
    if view[: len(PARTS)] != PARTS:
        return [_read(view)]
    frames: list[pl.DataFrame] = []
    place = len(PARTS)
    while place < len(view):
        start = place + _LENGTH
        place = start + int.from_bytes(view[place:start], "little")
        frames.append(_read(view[start:place]))
    return frames


def checksum(data: bytes | memoryview) -> str:
    """BLAKE2b-128, hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _write(buffer: io.BytesIO, frame: pl.DataFrame) -> None:
    frame.write_ipc_stream(buffer, compression="uncompressed" if frame.height <= SMALL else "lz4")


def _read(data: memoryview) -> pl.DataFrame:
    if data[: len(IPC_FILE)] == IPC_FILE:
        return pl.read_ipc(io.BytesIO(data))
    return pl.read_ipc_stream(io.BytesIO(data))
