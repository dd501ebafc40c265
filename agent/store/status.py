"""What the state directory alone says: rows read, waiting and settled, and whether their sum holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from agent import __version__
from agent.model import LANES, Lane
from agent.store import keys
from agent.store.accounts import Accounts
from agent.store.dead_letters import DeadLetters
from agent.store.spool import Position, Spool
from agent.store.state import State


def counted_status(
    state: State, spool: Spool, dead_letters: DeadLetters, destinations: Mapping[str, Sequence[Lane]]
) -> dict[str, Any]:
    """The part that the state directory alone can say. `destinations`: name to the lanes it takes."""
    with state.transact():  # nothing moves while it is counted
        document = uncounted_status(state, spool, dead_letters, destinations)
        return document | {"balanced": balanced(state, spool, destinations)}


def uncounted_status(
    state: State, spool: Spool, dead_letters: DeadLetters, destinations: Mapping[str, Sequence[Lane]]
) -> dict[str, Any]:
    """As `counted_status`, without waiting for those who write: its numbers need not fit together, so `balanced` is None."""
    accounts = Accounts(state)
    return {
        "version": __version__,
        "state": {
            "directory": str(state.directory),
            "spool_bytes": spool.bytes_held(),
            "dead_letters": dead_letters.count(),
        },
        "read": [
            {"source": source, "event_type": event_type, **asdict(account)}
            for (source, event_type), account in sorted(accounts.ingested().items())
        ],
        "lanes": {lane: accounts.spooled(lane) for lane in LANES},
        "destinations": [
            {"name": name, "lanes": {lane: _lane(accounts, spool, state, name, lane) for lane in lanes}}
            for name, lanes in destinations.items()
        ],
        "balanced": None,
        "correlations_left_out": orjson.loads(state.data(keys.DETECTION.key("correlation/left_out")) or b"[]"),
    }


def balanced(state: State, spool: Spool, destinations: Mapping[str, Sequence[Lane]]) -> bool:
    """Whether every row read is accounted for, at every destination (design 7.4)."""
    accounts = Accounts(state)
    read_well = all(a.read == a.duplicate + a.malformed + a.spooled for a in accounts.ingested().values())
    return read_well and all(
        accounts.spooled(lane) == accounts.delivered(name, lane).settled + _pending(spool, state, name, lane)
        for name, lanes in destinations.items()
        for lane in lanes
    )


def _lane(accounts: Accounts, spool: Spool, state: State, name: str, lane: Lane) -> dict[str, int]:
    return {**asdict(accounts.delivered(name, lane)), "pending": _pending(spool, state, name, lane)}


def _pending(spool: Spool, state: State, name: str, lane: Lane) -> int:
    text = state.text(keys.POSITION.key(name, lane))
    return spool.stored_rows(lane, Position.parse(text)) if text else 0
