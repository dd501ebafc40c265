"""Rows of an object that were taken, as they are remembered while they may be read again.

A piece is zlib's form of JSON `[fields, times, ids, digests]`. It has as many rows as 60,000 numbers are, so that no value
of the state comes near its largest size (1 MB): numbers below 2^53 are 17 characters, those that repeat cost next to nothing.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import orjson
import polars as pl

NUMBERS = 60_000
"""Of a piece."""
_DIGEST_BYTES = 6
_EMPTY = 0
"""In place of the digest of a cell without a text."""


@dataclass(frozen=True, slots=True)
class LedgerPiece:
    """Some rows, column by column."""

    fields: tuple[str, ...]
    """In alphabetical order, those that were visible of rows that are named by their cells; none of rows that have ids."""
    times: Sequence[int]
    """Milliseconds since 1970."""
    ids: Sequence[int]
    """The first 64 bits of each `event.id`."""
    digests: Sequence[Sequence[int]]
    """For each field those of the rows' cells, of 48 bits."""

    def encode(self) -> bytes:
        return zlib.compress(orjson.dumps([self.fields, self.times, self.ids, self.digests]), 1)

    @classmethod
    def decode(cls, stored: bytes) -> LedgerPiece:
        fields, times, ids, digests = orjson.loads(zlib.decompress(stored))
        return cls(tuple(fields), times, ids, digests)

    def parts(self) -> Iterator[LedgerPiece]:
        """Of at most `NUMBERS` numbers each."""
        rows = NUMBERS // (len(self.fields) + 2)
        for begin in range(0, len(self.times), rows):
            part = slice(begin, begin + rows)
            yield LedgerPiece(self.fields, self.times[part], self.ids[part], [column[part] for column in self.digests])


def cell_digests(cells: pl.Series) -> list[int]:
    """Of each text (`String`): its first 48 bits of BLAKE2b, 0 for an empty cell."""
    known: dict[str | None, int] = {None: _EMPTY}
    for text in cells.unique().to_list():
        if text is not None:
            known[text] = int.from_bytes(
                blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
            )
    return [known[text] for text in cells.to_list()]


def short_id(event_id: str) -> int:
    """The first 64 bits of an `event.id`."""
    return int(event_id[:16], 16)
