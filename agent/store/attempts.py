"""How often work on a batch was begun, counted in the state before it begins: so a killed process counts as well.

Work that ends in an exception is counted like work that was killed: the next attempt is one more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from agent.store import keys
from agent.store.state import State
from agent.store.transaction import Transaction

PATIENCE = 3
"""Attempts at one batch before its offending rows are looked for. More than one: a kill from outside (no memory, power) in
the middle of a batch is not the batch's fault, and looking costs up to 2 log2(n) passes for each bad row."""

LARGEST_NUMBER_OF_PUSHES = 100
"""Pushed batches of one source whose attempts are counted at a time; the oldest is forgotten. Each is there while it is
worked on, and after a fault until its sender sends it again."""


class Attempts:
    """At one place after the other, as where a source is read on. For one thread at a time.

    The count for the next place is written in the transaction that completes the one before, so that counting costs
    no write of its own.
    """

    def __init__(self, state: State, component: str) -> None:
        self._state = state
        self._key = keys.ATTEMPT.key(component)
        self._counted: str | None = None
        """The place of which the attempt that goes on, or comes next, is counted already."""

    @contextmanager
    def attempt(self, place: str) -> Iterator[bool]:
        """Around work at `place`; gives whether it was begun so often that its offending rows are to be looked for."""
        if self._counted != place:
            self.begin(place)
        try:
            yield self.exhausted(place)
        except BaseException:
            self._counted = None
            raise

    def begin(self, place: str) -> None:
        """Work at `place` starts, or starts anew after a restart."""
        with self._state.transact() as transaction:
            self.note(transaction, place, 1 + self._count(place))

    def note(self, transaction: Transaction, place: str, count: int = 1) -> None:
        """The work before this place is complete."""
        transaction.set(self._key, orjson.dumps([place, count]))
        self._counted = place

    def exhausted(self, place: str) -> bool:
        return self._count(place) > PATIENCE

    def was_tried_before(self, place: str) -> bool:
        """Whether the attempt that goes on is not the first one."""
        return self._count(place) > 1

    def _count(self, place: str) -> int:
        known, count = orjson.loads(self._state.data(self._key) or b'["", 0]')
        return int(count) if known == place else 0


class PushAttempts:
    """At batches that come in no order and are told by what they hold (`origin.digest`). Safe for threads."""

    def __init__(self, state: State, component: str) -> None:
        self._state = state
        self._key = keys.ATTEMPT.key(component)

    @contextmanager
    def attempt(self, batch: str) -> Iterator[bool]:
        """Around work on a batch, given by its digest; gives what `Attempts.attempt` does."""
        with self._state.transact() as transaction:
            counts = self._counts()
            counts[batch] = count = counts.pop(batch, 0) + 1  # the newest is the last
            while len(counts) > LARGEST_NUMBER_OF_PUSHES:
                del counts[next(iter(counts))]
            transaction.set(self._key, orjson.dumps(counts))
        yield count > PATIENCE

    def forget(self, transaction: Transaction, batch: str) -> None:
        """It is committed, with this transaction."""
        counts = self._counts()
        if counts.pop(batch, None) is not None and counts:
            transaction.set(self._key, orjson.dumps(counts))
        elif not counts:
            transaction.delete(self._key)

    def _counts(self) -> dict[str, int]:
        """By digest, in the order of the last attempt."""
        counts: dict[str, int] = orjson.loads(self._state.data(self._key) or b"{}")
        return counts
