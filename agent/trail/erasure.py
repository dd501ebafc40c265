"""Erasing what stands beside the records of an object: names, addresses, whatever was recorded as personal.

The records stay, with the salted hash of what stood beside them, so that every link, root and checkpoint holds as before.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agent.store import keys
from agent.store.state import State
from agent.trail.chain import PERSONAL, personal_key
from agent.trail.record import NotARecord, TrailEntry, read
from agent.trail.shard_trail import ShardTrail

ERASED = "personal-data-erased"
"""The type of the record that says so."""
MOST_REASON = 1_000
"""Characters."""
TOGETHER = 10_000
"""Records of which one record says that they lost what stood beside them."""


def erase(state: State, name: str, by: str, reason: str, now: Callable[[], datetime]) -> int:
    """Of one shard; how many records lost something, none where nothing stood beside records of the object `name`.

    Erased in the transaction of the record that says so. Raises StateError, OSError.
    """
    trail, found = ShardTrail(state), _beside(state, name)
    for numbers in (found[at : at + TOGETHER] for at in range(0, len(found), TOGETHER)):
        data = {"records": numbers, "reason": reason[:MOST_REASON]}
        with state.transact() as transaction:
            for number in numbers:
                transaction.delete(keys.TRAIL.key(personal_key(number)))
            trail.append(transaction, [TrailEntry(ERASED, name, data, {"kind": "person", "id": by})], now())
    return len(found)


def _beside(state: State, name: str) -> list[int]:
    """Numbers of records of the object beside which something stands."""
    prefix = keys.TRAIL.key(PERSONAL)
    beside = {int(key.removeprefix(prefix)) for key in state.keys(prefix)}
    if not beside:
        return []
    first = min(beside)
    lines = enumerate(ShardTrail(state).lines(first), first)
    return [number for number, line in lines if number in beside and _object(line) == name]


def _object(line: bytes) -> str | None:
    """None for a line that is no record: verifying the trail tells of it."""
    try:
        return read(line).object
    except NotARecord:
        return None
