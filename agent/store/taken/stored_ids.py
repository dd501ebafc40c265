"""The ids of a family as the state keeps them: pieces in buckets by the time of their commit.

A bucket begins with an hour, and ends where the next one begins. Its pieces are numbered. Rows that come one by one go
into the newest piece, its *tail*, which is written anew until it is full; many small pieces are joined to large ones, so
that a day of single events is some hundred keys and not a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from agent.store import keys
from agent.store.state import State
from agent.store.transaction import Transaction

ID_BYTES = 8
TAIL_BYTES = 4096
"""Of a tail: a page of the database, so that a single row costs one page."""
SMALL_BYTES = 65_536
MOST_SMALL = 64
"""Pieces of less than `SMALL_BYTES` in a bucket, from which on they are joined."""
PIECE_BYTES = 800_000
"""Of a piece at most: a value of the state holds 1 MB."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is known of a bucket's pieces."""

    hour: int
    """Since 1970, in which it began."""
    sizes: dict[int, int] = field(default_factory=dict)
    """The number of each piece, ascending, to its bytes."""

    @property
    def ids(self) -> int:
        return sum(self.sizes.values()) // ID_BYTES

    @property
    def tail(self) -> int | None:
        """The number of the piece that is not full yet."""
        last = next(reversed(self.sizes), None)
        return last if last is not None and self.sizes[last] < TAIL_BYTES else None


class StoredIds:
    """Of one family. Nothing of it changes but by what `write` gives, which is the caller's to keep once it is committed."""

    def __init__(self, state: State, family: str) -> None:
        self._state = state
        self._family = family

    def buckets(self) -> list[tuple[Bucket, bytes]]:
        """All that there are, in the order of their time, each with its ids."""
        sizes: dict[int, dict[int, int]] = {}
        pieces: dict[int, list[bytes]] = {}
        for key in self._state.keys(keys.TAKEN.key(self._family, "")):
            hour, number = (int(part) for part in key.rsplit("/", 2)[1:])
            piece = self._state.data(key) or b""
            sizes.setdefault(hour, {})[number] = len(piece)
            pieces.setdefault(hour, []).append(piece)
        return [(Bucket(hour, sizes[hour]), b"".join(pieces[hour])) for hour in sorted(sizes)]

    def write(self, transaction: Transaction, bucket: Bucket, ids: bytes) -> Bucket:
        """Add ids to a bucket; returns how it is then."""
        tail = bucket.tail
        if tail is not None:
            ids = (self._state.data(self._key(bucket, tail)) or b"") + ids
            bucket = replace(bucket, sizes={n: size for n, size in bucket.sizes.items() if n != tail})
        bucket = self._put(transaction, bucket, tail, ids)
        small = [number for number, size in bucket.sizes.items() if size < SMALL_BYTES]
        return self._join(transaction, bucket, small) if len(small) > MOST_SMALL else bucket

    def forget(self, transaction: Transaction, bucket: Bucket) -> None:
        for number in bucket.sizes:
            transaction.delete(self._key(bucket, number))

    def _join(self, transaction: Transaction, bucket: Bucket, numbers: Iterable[int]) -> Bucket:
        """Pieces as one, or as few as fit; the newest number is used last, so that the order stays."""
        joined, sizes = [], dict(bucket.sizes)
        for number in numbers:
            joined.append(self._state.data(self._key(bucket, number)) or b"")
            transaction.delete(self._key(bucket, number))
            del sizes[number]
        following = max(bucket.sizes) + 1
        return self._put(transaction, replace(bucket, sizes=sizes), following, b"".join(joined))

    def _put(self, transaction: Transaction, bucket: Bucket, first: int | None, ids: bytes) -> Bucket:
        number = first if first is not None else max(bucket.sizes, default=-1) + 1
        sizes = dict(bucket.sizes)
        for piece in _cut(ids):
            transaction.set(self._key(bucket, number), piece)
            sizes[number] = len(piece)
            number += 1
        return replace(bucket, sizes=sizes)

    def _key(self, bucket: Bucket, number: int) -> str:
        return keys.TAKEN.key(self._family, bucket.hour, number)


def _cut(ids: bytes) -> Iterator[bytes]:
    for start in range(0, len(ids), PIECE_BYTES):
        yield ids[start : start + PIECE_BYTES]
