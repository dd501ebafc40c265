"""Damaged batches whose rows are to be fetched again, and who lacks them.

The rows count as set aside for each of these destinations from the transaction that finds the damage until the one
that restores them or gives them up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from agent.model import Lane
from agent.store import keys
from agent.store.batch_file import BatchFile
from agent.store.origin import Origin
from agent.store.problems import Problems
from agent.store.state import State
from agent.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Share:
    """What of a damaged part a destination lacks: all its rows from `row` on."""

    destination: str
    row: int


@dataclass(frozen=True, slots=True)
class Damage:
    """One part of a damaged batch: parts may have been read from several inputs, and each is fetched by itself."""

    lane: Lane
    file: BatchFile
    """As if it held nothing but the part; see `BatchFile.alone`."""
    first: int
    """The number of the part's first row in the batch."""
    reason: str
    since: datetime
    shares: tuple[Share, ...]

    @property
    def key(self) -> str:
        return keys.REPAIR.key(self.file.checksum, self.first)

    @property
    def origin(self) -> Origin | None:
        """What the part was read from."""
        return self.file.parts[0].origin

    def lost(self, destination: str) -> int:
        """Rows this destination lacks."""
        return sum(self.file.rows - share.row for share in self.shares if share.destination == destination)

    def encode(self) -> bytes:
        shares = [[share.destination, share.row] for share in self.shares]
        return orjson.dumps(
            [self.lane, self.first, self.reason, self.since.isoformat(), shares, self.file.encode().decode()]
        )

    @classmethod
    def decode(cls, data: bytes) -> Damage:
        lane, first, reason, since, shares, file = orjson.loads(data)
        whose = tuple(Share(destination, row) for destination, row in shares)
        return cls(lane, BatchFile.decode(file), first, reason, datetime.fromisoformat(since), whose)


class Repairs:
    """The register of damaged batches. Safe for threads."""

    def __init__(self, state: State, problems: Problems, now: Callable[[], datetime]) -> None:
        self._state = state
        self._problems = problems
        self._now = now
        self.pending = True
        """False when nothing waits for sure."""

    def add(self, transaction: Transaction, destination: str, lane: Lane, file: BatchFile, row: int, why: str) -> None:
        """A destination found the batch damaged and lacks its rows from `row` on."""
        for first, part in file.alone():
            if row < first + part.rows:
                new = Damage(lane, part, first, why, self._now(), ())
                damage = self._load(new.key) or new
                damage = replace(damage, shares=(*damage.shares, Share(destination, max(0, row - first))))
                transaction.set(damage.key, damage.encode())
        transaction.after_commit(self._note)
        self._report(destination)

    def finish(self, transaction: Transaction, damage: Damage) -> None:
        """The shares of `damage` are restored or given up; those that joined meanwhile stay."""
        known = self._load(damage.key)
        left = [share for share in known.shares if share not in damage.shares] if known else []
        if known and left:
            transaction.set(damage.key, replace(known, shares=tuple(left)).encode())
        else:
            transaction.delete(damage.key)
        for destination in dict.fromkeys(share.destination for share in damage.shares):
            self._report(destination)

    def all(self) -> Iterator[Damage]:
        self.pending = False  # before looking: what is committed from here on sets it again
        for key in self._state.keys(keys.REPAIR.prefix):
            self.pending = True
            damage = self._load(key)
            if damage is not None:
                yield damage

    def _note(self) -> None:
        self.pending = True

    def _load(self, key: str) -> Damage | None:
        data = self._state.data(key)
        return Damage.decode(data) if data else None

    def _report(self, destination: str) -> None:
        """One problem for all damaged batches of a destination."""
        damages = [damage for damage in self.all() if damage.lost(destination)]
        if not damages:
            self._problems.over("batch-damaged", destination, f"no damaged batch waits for {destination} any more")
            return
        rows, newest = sum(damage.lost(destination) for damage in damages), max(damages, key=lambda d: d.since)
        message = (
            f"{rows:,} rows for {destination} were in damaged batch files ({newest.reason}): they are fetched again"
        )
        self._problems.report("batch-damaged", destination, message, count=rows)
