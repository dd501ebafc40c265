"""Which ids were committed under a family (`agent.model.TakenOnce`), so that a row is taken once whoever brings it.

In memory 8 bytes an id, read from the state when the first row asks. What is taken counts at once, for the rows behind it
of the same group, and stays only with the group's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import polars as pl

from agent.columns.id_set import FEW, IdSet, halves, to_bytes
from agent.model import TakenOnce
from agent.store.state import State
from agent.store.taken.stored_ids import Bucket, StoredIds
from agent.store.transaction import Transaction

SHARES = 8
"""Of the time that ids are kept, and of `MOST_IDS`, in a bucket: a bucket is forgotten as a whole."""
MOST_IDS = 12_000_000
"""Of a family in a shard, which take 100 MB; above it the oldest bucket goes before its time."""
MOST_RECENT = 4_096
"""Ids in the set of the newest ones, of about 100 bytes each, before they are sorted into the bucket."""
_HOUR = 3600


class CommittedIds:
    """Of one family in one shard. For one thread at a time: whoever holds the shard's commit lock."""

    def __init__(
        self, state: State, once: TakenOnce, report: Callable[[str], None] = lambda _: None, most: int = MOST_IDS
    ) -> None:
        """`report`: told, inside the transaction, that ids are forgotten before their time."""
        self._once = once
        self._report = report
        self._most = most
        self._stored = StoredIds(state, once.family)
        self._buckets: list[tuple[Bucket, IdSet]] | None = None
        """The oldest first; None until they are read."""
        self._recent: set[int] = set()
        """Of the newest bucket."""
        self._pending: dict[int, None] = {}
        """Taken and not committed."""
        self._written: tuple[Bucket, list[Bucket]] | None = None
        """What the transaction has written: the newest bucket as it is then, and those that are forgotten."""

    def unknown(self, ids: pl.Series) -> pl.Series | None:
        """`Boolean`: which of `ids` (`String`, event ids) were not taken before, here or in an earlier row; None: all."""
        numbers = halves(ids)
        found = self._known(numbers)
        several = len(set(numbers.to_list())) < len(numbers) if len(numbers) <= FEW else len(numbers) > 1
        first = numbers.is_first_distinct() if several else None
        if not found.any() and (first is None or first.all()):
            return None
        return ~found if first is None else ~found & first

    def take(self, ids: pl.Series) -> None:
        """These count as taken, until `take_back`."""
        self._pending |= dict.fromkeys(halves(ids).to_list())

    @property
    def has_pending(self) -> bool:
        return bool(self._pending)

    def store(self, transaction: Transaction, now: datetime) -> None:
        """Write what was taken, and forget what was kept long enough."""
        known = [bucket for bucket, _ in self._loaded()]
        forgotten = list(self._outdated(known, now))
        for bucket in forgotten:
            self._stored.forget(transaction, bucket)
        newest = known[-1] if known else None
        if newest is None or self._is_full(newest, now):
            newest = Bucket(max(_hour(now), newest.hour + 1 if newest is not None else 0))
        ids = to_bytes(pl.Series(list(self._pending), dtype=pl.UInt64))
        self._written = self._stored.write(transaction, newest, ids), forgotten

    def commit(self) -> None:
        """The transaction is done."""
        if self._written is not None:
            newest, forgotten = self._written
            self._drop(forgotten)
            self._grow(newest)
        self._pending, self._written = {}, None

    def take_back(self) -> None:
        """The transaction did not come about: nothing was taken."""
        self._pending, self._written = {}, None

    # Within

    def _loaded(self) -> list[tuple[Bucket, IdSet]]:
        if self._buckets is None:
            self._buckets = [(bucket, IdSet([ids])) for bucket, ids in self._stored.buckets()]
        return self._buckets

    def _known(self, numbers: pl.Series) -> pl.Series:
        found = [half in self._pending or half in self._recent for half in numbers.to_list()]
        sorted_ids = [ids for _, ids in self._loaded()]
        if len(found) <= FEW:
            pairs = zip(found, numbers.to_list(), strict=True)
            return pl.Series([near or any(half in ids for ids in sorted_ids) for near, half in pairs], dtype=pl.Boolean)
        known = pl.Series(found, dtype=pl.Boolean)
        for ids in sorted_ids:
            known |= ids.mask_halves(numbers)
        return known

    def _outdated(self, known: list[Bucket], now: datetime) -> Iterator[Bucket]:
        """Buckets whose last id was kept long enough: the next one began so long ago. And those for which there is no room."""
        held, oldest = sum(bucket.ids for bucket in known), _hour(now - self._once.keep)
        for bucket, following in pairwise(known):
            if following.hour > oldest and held <= self._most:
                return
            if following.hour > oldest:
                self._report(
                    f"more than {self._most:,} ids of {self._once.family} rows came in {self._once.keep.days} days"
                )
            held -= bucket.ids
            yield bucket

    def _is_full(self, bucket: Bucket, now: datetime) -> bool:
        span: timedelta = self._once.keep / SHARES
        return _hour(now) - bucket.hour >= max(1, span // timedelta(hours=1)) or bucket.ids >= self._most // SHARES

    def _drop(self, forgotten: list[Bucket]) -> None:
        gone = {bucket.hour for bucket in forgotten}
        self._buckets = [(bucket, ids) for bucket, ids in self._loaded() if bucket.hour not in gone]

    def _grow(self, newest: Bucket) -> None:
        buckets = self._loaded()
        if buckets and buckets[-1][0].hour == newest.hour:
            buckets[-1] = newest, buckets[-1][1]
        else:
            self._sort_recent()
            buckets.append((newest, IdSet()))
        if len(self._pending) > MOST_RECENT:
            buckets[-1][1].add_halves(pl.Series(list(self._pending), dtype=pl.UInt64))
            return
        self._recent.update(self._pending)
        if len(self._recent) > MOST_RECENT:
            self._sort_recent()

    def _sort_recent(self) -> None:
        """Into the bucket that is the newest."""
        if self._recent and self._loaded():
            self._loaded()[-1][1].add_halves(pl.Series(list(self._recent), dtype=pl.UInt64))
        self._recent = set()


def _hour(time: datetime) -> int:
    return int(time.timestamp()) // _HOUR
