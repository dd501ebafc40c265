"""How often work at one place was begun, counted before it begins."""

from __future__ import annotations

import orjson

from agent.store import keys
from agent.store.state import State
from agent.store.transaction import Transaction

PATIENCE = 3
"""Attempts at one batch before its offending rows are looked for. More than one: a kill from outside (no memory, power) in
the middle of a batch is not the batch's fault, and looking costs up to 2 log2(n) passes for each bad row."""


class Attempts:
    """How often work at one place was begun, counted before it begins; survives a killed process.

    The count for the next place is written in the transaction that completes the one before, so that counting costs
    no write of its own.
    """

    def __init__(self, state: State, component: str) -> None:
        self._state = state
        self._key = keys.ATTEMPT.key(component)

    def begin(self, place: str) -> None:
        """Work at `place` starts, or starts anew after a restart."""
        with self._state.transact() as transaction:
            self.note(transaction, place, 1 + self._count(place))

    def note(self, transaction: Transaction, place: str, count: int = 1) -> None:
        transaction.set(self._key, orjson.dumps([place, count]))

    def exhausted(self, place: str) -> bool:
        return self._count(place) > PATIENCE

    def _count(self, place: str) -> int:
        known, count = orjson.loads(self._state.data(self._key) or b'["", 0]')
        return int(count) if known == place else 0
