"""A log file piece by piece, as it goes over the wire: never in memory as a whole."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path


def pieces_of(path: Path, size: int) -> Iterator[bytes]:
    """The file in pieces of `size` bytes. Raises OSError."""
    with path.open("rb") as file:
        while piece := file.read(size):
            yield piece


def gzipped(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """One gzip stream of them, at its quickest level."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def ending(pieces: Iterable[bytes], end: int) -> Iterator[bytes]:
    """The pieces up to byte `end` of all of them; 0: to the last."""
    sent = 0
    for piece in pieces:
        if end and sent + len(piece) >= end:
            yield piece[: end - sent]
            return
        sent += len(piece)
        yield piece
