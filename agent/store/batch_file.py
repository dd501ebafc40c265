"""A batch as the state names it, and its frame as bytes: Arrow IPC with lz4."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import orjson
import polars as pl

from agent.store.origin import Origin


@dataclass(frozen=True, slots=True)
class BatchFile:
    """What the state keeps of a batch."""

    name: str
    rows: int
    size: int
    """In bytes."""
    checksum: str
    """BLAKE2b-128 of the whole file, hexadecimal."""
    origin: Origin | None = None
    """What its rows were read from, where they can be read from it once more."""

    def encode(self) -> bytes:
        origin = self.origin.document() if self.origin else None
        return orjson.dumps([self.name, self.rows, self.size, self.checksum, origin])

    @classmethod
    def decode(cls, data: bytes) -> BatchFile:
        name, rows, size, checksum, origin = orjson.loads(data)
        return cls(name, rows, size, checksum, Origin.of_document(origin) if origin else None)


def encode(frame: pl.DataFrame) -> memoryview:
    """Any frame as an Arrow IPC file."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compression="lz4")
    return buffer.getbuffer()


def decode(data: bytes | memoryview) -> pl.DataFrame:
    """The frame of an Arrow IPC file, as `encode` got it."""
    return pl.read_ipc(io.BytesIO(data))


def checksum(data: bytes | memoryview) -> str:
    """BLAKE2b-128, hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
