"""The figures of all days as the state holds them; each batch adds its own in the transaction that stores it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import NamedTuple

from agent.model import Batch
from agent.store import keys
from agent.store.completeness.feed_figures import FeedFigures
from agent.store.state import State
from agent.store.transaction import Transaction

KEPT = timedelta(days=10)
"""Of a day after its begin. The last file of a day comes within five days (Object Reference: EventLogFile)."""


class FeedDay(NamedTuple):
    """Whose figures they are."""

    day: date
    feed: str
    source: str
    """The source's name: `acme/event_log_file`."""


class DayBooks:
    """Of one shard."""

    def __init__(self, state: State) -> None:
        self._state = state

    def add(self, transaction: Transaction, source: str, batch: Batch, rejected: int) -> None:
        """What a batch of a source brings. `rejected`: records of it that became dead letters."""
        if batch.count is None:
            return
        key = keys.COMPARED.key(batch.count.day.isoformat(), batch.count.feed, source)
        before = self._state.data(key)
        figures = FeedFigures.decode(before) if before else FeedFigures()
        transaction.set(key, figures.adding(batch, rejected).encode())

    def days(self) -> list[FeedDay]:
        """All whose figures are kept, the oldest day first."""
        return sorted(self._days())

    def figures(self, feed_day: FeedDay) -> FeedFigures:
        return FeedFigures.decode(self._state.data(_key(feed_day)) or FeedFigures().encode())

    def forget(self, now: datetime) -> None:
        """Days that were kept long enough."""
        oldest = (now - KEPT).date()
        outdated = [feed_day for feed_day in self._days() if feed_day.day < oldest]
        if not outdated:
            return
        with self._state.transact() as transaction:
            for feed_day in outdated:
                transaction.delete(_key(feed_day))

    def _days(self) -> Iterator[FeedDay]:
        for key in self._state.keys(keys.COMPARED.prefix):
            day, feed, source = keys.COMPARED.rest(key).split("/", 2)
            yield FeedDay(date.fromisoformat(day), feed, source)


def _key(feed_day: FeedDay) -> str:
    return keys.COMPARED.key(feed_day.day.isoformat(), feed_day.feed, feed_day.source)


def by_source(feed_day: FeedDay) -> tuple[date, str]:
    """For sorting: days of a source together, the oldest first."""
    return feed_day.day, feed_day.source
