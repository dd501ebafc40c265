"""Finding the rows that break a step, so that the others can go on."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import orjson
import polars as pl

from agent.store.state import State, Transaction

PATIENCE = 3
"""Attempts at one batch before its offending rows are looked for."""


class Attempts:
    """How often work at one place was begun, counted before it begins; survives a killed process.

    The count for the next place is written in the transaction that completes the one before, so that counting costs
    no write of its own.
    """

    def __init__(self, state: State, component: str) -> None:
        self._state = state
        self._key = f"attempt/{component}"

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


def poisonous_rows(frame: pl.DataFrame, work: Callable[[pl.DataFrame], object]) -> list[tuple[int, str]]:
    """(row, traceback) of every row that makes `work` raise, found by halving; `work` must have no effects."""
    return _search(frame, 0, work) if frame.height else []


def _search(frame: pl.DataFrame, first: int, work: Callable[[pl.DataFrame], object]) -> list[tuple[int, str]]:
    try:
        work(frame)
    except Exception:  # noqa: BLE001 - whatever it raises is what is being looked for
        if frame.height == 1:
            return [(first, traceback.format_exc(limit=-8))]
        half = frame.height // 2
        return _search(frame[:half], first, work) + _search(frame[half:], first + half, work)
    return []
