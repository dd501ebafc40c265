"""Frames as bytes of the state.

An Arrow stream, not a file: for a frame of a few rows Polars 2.1 writes the stream in 15 µs and reads it in 13, the file
in 140 and 175; above some thousand rows both cost about the same. zstd, because keys and marks are most of the bytes.
"""

from __future__ import annotations

import io

import polars as pl

MAGIC = b"\xff\xff\xff\xff"
"""What such bytes begin with: the mark of a message in an Arrow stream."""


def encoded(frame: pl.DataFrame) -> bytes:
    """Any frame as an Arrow stream, compressed."""
    buffer = io.BytesIO()
    frame.write_ipc_stream(buffer, compression="zstd")
    return buffer.getvalue()


def decoded(data: bytes) -> pl.DataFrame:
    """What `encoded` made bytes of."""
    return pl.read_ipc_stream(io.BytesIO(data))


def compact(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows with texts of their own. What is filtered or grouped refers to the texts of where it comes from, and
    a few rows that are kept keep all of a batch in memory.
    """
    return decoded(encoded(frame))
