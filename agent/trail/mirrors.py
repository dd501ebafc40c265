"""Which checkpoints destinations have accepted, told by how far each is in the lane that carries them.

A checkpoint counts as accepted once the destination is past the batch that carried it, and while it dead-lettered, dropped, left
out or set aside nothing of that lane: which of the rows that was cannot be told, and the next checkpoint is a minute away.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import orjson

from agent.model import Lane
from agent.store import keys
from agent.store.accounts import Accounts
from agent.store.spool import Position
from agent.store.state import State
from agent.store.transaction import Transaction

LANE: Lane = "alerts"
MOST, DENSE = 100, 50
"""Checkpoints that are remembered, and how many of the newest of these are never thinned out."""
LEAST_LATE, LATE_CHECKPOINTS = timedelta(minutes=15), 5
"""No destination accepted a checkpoint for so long, and for so many of them: that is a problem."""

_KEY = keys.TRAIL.key("mirrors")


@dataclass(frozen=True, slots=True)
class SentCheckpoint:
    """A checkpoint on its way."""

    size: int
    time: datetime
    end: int
    """The batch behind the one that carries it: whoever is there has settled it."""

    def encode(self) -> list[Any]:
        return [self.size, self.time.isoformat(), self.end]

    @classmethod
    def decode(cls, values: Sequence[Any]) -> SentCheckpoint:
        return cls(int(values[0]), datetime.fromisoformat(values[1]), int(values[2]))


@dataclass(frozen=True, slots=True)
class Mirror:
    """What is known of one destination."""

    begins: int
    """Checkpoints whose `end` is not behind this batch were never meant for it, or were lost on the way."""
    passed_over: int = 0
    """Rows of the lane that it ever settled without accepting them."""
    accepted: SentCheckpoint | None = None


@dataclass(frozen=True, slots=True)
class MirrorBook:
    """What the state knows of all of them."""

    sent: Sequence[SentCheckpoint] = ()
    """By size; those that a destination may still accept, and the newest."""
    mirrors: Mapping[str, Mirror] = field(default_factory=dict)

    def encode(self) -> bytes:
        mirrors = {
            name: [mirror.begins, mirror.passed_over, mirror.accepted.encode() if mirror.accepted else None]
            for name, mirror in self.mirrors.items()
        }
        return orjson.dumps({"sent": [sent.encode() for sent in self.sent], "mirrors": mirrors})

    @classmethod
    def decode(cls, raw: bytes | None) -> MirrorBook:
        if raw is None:
            return cls()
        values = orjson.loads(raw)
        mirrors = {
            name: Mirror(begins, passed_over, SentCheckpoint.decode(accepted) if accepted else None)
            for name, (begins, passed_over, accepted) in values["mirrors"].items()
        }
        return cls([SentCheckpoint.decode(sent) for sent in values["sent"]], mirrors)

    def with_sent(self, checkpoint: SentCheckpoint) -> MirrorBook:
        """With one more, thinned out where there are many: the oldest stays, as it says since when nobody accepts any."""
        least = min((_size(mirror) for mirror in self.mirrors.values()), default=0)
        kept = [sent for sent in self.sent if sent.size > least and self.mirrors]
        if len(kept) >= MOST:
            kept = [*kept[:-DENSE][::2], *kept[-DENSE:]]
        return replace(self, sent=[*kept, checkpoint])

    def waiting_since(self) -> datetime | None:
        """When the first checkpoint was taken that is newer than all that were accepted; None where the newest was."""
        best = max((_size(mirror) for mirror in self.mirrors.values()), default=0)
        return next((sent.time for sent in self.sent if sent.size > best), None)


def looked_at(process: State, destinations: Collection[str]) -> MirrorBook:
    """The book as it is now, of these destinations alone; writes nothing."""
    book = MirrorBook.decode(process.data(_KEY))
    return replace(book, mirrors=dict(_mirrors(process, book, destinations)))


def write(transaction: Transaction, book: MirrorBook) -> None:
    transaction.set(_KEY, book.encode())


def is_late(book: MirrorBook, every: timedelta, started: datetime, now: datetime) -> bool:
    """Whether no destination accepted a checkpoint for long, while the daemon ran, that could have. `started`: its start."""
    since = book.waiting_since()
    return bool(book.mirrors) and since is not None and now - max(since, started) > late_after(every)


def late_after(every: timedelta) -> timedelta:
    return max(LEAST_LATE, LATE_CHECKPOINTS * every)


def _mirrors(process: State, book: MirrorBook, destinations: Collection[str]) -> Iterator[tuple[str, Mirror]]:
    for name in destinations:
        text = process.text(keys.POSITION.key(name, LANE))
        if text is None:  # it was never started with
            continue
        at, account = Position.parse(text).sequence, Accounts(process).delivered(name, LANE)
        passed_over = account.dead_lettered + account.dropped + account.filtered
        known = book.mirrors.get(name)
        if known is None:
            yield name, Mirror(at, passed_over)
        elif account.set_aside or passed_over > known.passed_over:
            yield name, replace(known, begins=max(at, known.begins), passed_over=passed_over)
        else:
            settled = [sent for sent in book.sent if known.begins < sent.end <= at and sent.size > _size(known)]
            yield name, replace(known, passed_over=passed_over, accepted=settled[-1] if settled else known.accepted)


def _size(mirror: Mirror) -> int:
    return mirror.accepted.size if mirror.accepted else 0
