"""What the state alone says of all shards: rows read, waiting and settled, and whether their sums hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

import orjson

from agent import __version__
from agent.model import LANES, Lane, TimeFlag
from agent.name import DRILLS
from agent.status.times import RowsFlagged
from agent.status_document import (
    DestinationStatus,
    LaneCounts,
    OrgStatus,
    ReadCounts,
    RowsCovered,
    RowsLeftOut,
    ShardDelivery,
    ShardStatus,
    StateStatus,
    StatusDocument,
)
from agent.store import keys
from agent.store.accounts import Accounts
from agent.store.completeness.day_status import completeness
from agent.store.queue.state_stores import StateStores
from agent.store.silence.silences import silences
from agent.store.spool import Position

Shards = Mapping[str, StateStores]
"""By the org's name in the settings; the empty name is Leakline's own."""
Lanes = Mapping[str, Sequence[Lane]]
"""Names of destinations to the lanes they take."""
Takes = Callable[[str, str], bool]
"""Whether the destination of this name takes the shard of this name."""

_LEFT_OUT = keys.CORRELATION.key("left_out")
_COVERED = keys.DETECTION.key("covered")


@contextmanager
def held(shards: Shards, wait: float | None = None) -> Iterator[None]:
    """Around what must see, or change, all shards at once. `wait`: as for `State.transact`; raises Busy."""
    with ExitStack() as stack:
        for stores in shards.values():
            stack.enter_context(stores.state.transact(wait=wait))
        yield


def counted_status(
    directory: Path, shards: Shards, destinations: Lanes, takes: Takes, wait: float | None = None
) -> StatusDocument:
    """The part that the state alone can say, as of one moment. `wait`: see `held`."""
    with held(shards, wait):  # nothing moves while it is counted
        return _status(directory, shards, destinations, takes, counts=True)


def uncounted_status(directory: Path, shards: Shards, destinations: Lanes, takes: Takes) -> StatusDocument:
    """As `counted_status`, without waiting for those who write: its numbers need not fit together, so `balanced` is None."""
    return _status(directory, shards, destinations, takes, counts=False)


def balanced(stores: StateStores, destinations: Lanes) -> bool:
    """Whether every row that a shard read is accounted for at every destination (design 7.4)."""
    read_well = all(a.read == a.duplicate + a.malformed + a.spooled for a in Accounts(stores.state).ingested().values())
    return read_well and all(
        _is_settled(stores, lane, _lane(stores, name, lane, taken=True))
        for name, lanes in destinations.items()
        for lane in lanes
    )


def _status(directory: Path, shards: Shards, destinations: Lanes, takes: Takes, *, counts: bool) -> StatusDocument:
    parts = {name: _shard(name, stores, destinations, takes, counts=counts) for name, stores in shards.items()}
    own = parts.get("")
    return StatusDocument(
        version=__version__,
        state=StateStatus(
            str(directory),
            sum(part.spool_bytes for part in parts.values()),
            sum(part.dead_letters for part in parts.values()),
        ),
        running=False,
        balanced=all(part.balanced for part in parts.values()) if counts else None,
        problems=(),
        read=[counted for stores in shards.values() for counted in _read(stores)],
        lanes={lane: sum(part.lanes[lane] for part in parts.values()) for lane in LANES},
        destinations=[_destination(name, lanes, parts.values()) for name, lanes in destinations.items()],
        orgs=[part for part in parts.values() if isinstance(part, OrgStatus)],
        own=own,
        correlations_left_out=[left_out for name, stores in shards.items() for left_out in _left_out(name, stores)],
        rows_covered=[covered for name, stores in shards.items() for covered in _covered(name, stores)],
        rows_flagged=[flagged for name, stores in shards.items() for flagged in _flagged(name, stores)],
        completeness=[day for name, stores in shards.items() for day in completeness(stores.state, name)],
        silences=[
            silent
            for name, stores in shards.items()
            for silent in silences(stores.state, stores.problems.known(), name)
        ],
    )


def _shard(name: str, stores: StateStores, destinations: Lanes, takes: Takes, *, counts: bool) -> ShardStatus:
    accounts = Accounts(stores.state)
    deliveries = []
    for destination, lanes in destinations.items():
        taken = takes(destination, name)
        by_lane = {lane: _lane(stores, destination, lane, taken=taken) for lane in lanes}
        deliveries.append(ShardDelivery(destination, taken, by_lane))
    followed = {destination: lanes for destination, lanes in destinations.items() if takes(destination, name)}
    # What drills left is in the sums; it is no org.
    made = OrgStatus if name not in (keys.PROCESS, DRILLS) else ShardStatus
    return made(
        name=name,
        spool_bytes=stores.spool.bytes_held(),
        dead_letters=stores.dead_letters.count(),
        balanced=balanced(stores, followed) if counts else None,
        lanes={lane: accounts.spooled(lane) for lane in LANES},
        destinations=deliveries,
    )


def _lane(stores: StateStores, destination: str, lane: Lane, *, taken: bool) -> LaneCounts:
    """`taken`: whether the destination takes the shard. If not, what it has not settled (in a time when it did) counts as
    filtered: nobody follows that lane for it, so nothing is pending.
    """
    accounts = Accounts(stores.state)
    account = accounts.delivered(destination, lane)
    counts = asdict(account)
    if not taken:
        rest = accounts.spooled(lane) - account.settled
        return LaneCounts(**counts | {"filtered": account.filtered + rest})
    text = stores.state.text(keys.POSITION.key(destination, lane))
    return LaneCounts(**counts, pending=stores.spool.stored_rows(lane, Position.parse(text)) if text else 0)


def _is_settled(stores: StateStores, lane: Lane, counts: LaneCounts) -> bool:
    kept = counts.dead_lettered + counts.set_aside + counts.pending
    return Accounts(stores.state).spooled(lane) == counts.acknowledged + counts.filtered + counts.dropped + kept


def _destination(name: str, lanes: Sequence[Lane], parts: Iterable[ShardStatus]) -> DestinationStatus:
    shares = [delivery for part in parts for delivery in part.destinations if delivery.name == name]
    return DestinationStatus(name, {lane: _sum([share.lanes[lane] for share in shares]) for lane in lanes})


def _sum(counts: Sequence[LaneCounts]) -> LaneCounts:
    rows = [asdict(lane) for lane in counts]
    return LaneCounts(**{key: sum(row[key] for row in rows) for key in asdict(LaneCounts())})


def _read(stores: StateStores) -> Iterator[ReadCounts]:
    for (source, event_type), account in sorted(Accounts(stores.state).ingested().items()):
        yield ReadCounts(source, event_type, **asdict(account))


def _left_out(org: str, stores: StateStores) -> Iterator[RowsLeftOut]:
    for counted in orjson.loads(stores.state.data(_LEFT_OUT) or b"[]"):
        yield RowsLeftOut(**counted, org=org)


def _covered(org: str, stores: StateStores) -> Iterator[RowsCovered]:
    for event_type, rows in orjson.loads(stores.state.data(_COVERED) or b"{}").items():
        yield RowsCovered(event_type, rows, org)


def _flagged(org: str, stores: StateStores) -> Iterator[RowsFlagged]:
    """Of each source, all its event types together. What was dropped as a duplicate is counted among the rows read."""
    counted: dict[str, Counter[TimeFlag]] = {}
    for key in stores.state.keys(keys.EVENT_TIMES.prefix):
        source = keys.EVENT_TIMES.rest(key).rsplit("/", 1)[0]
        counted.setdefault(source, Counter()).update(orjson.loads(stores.state.data(key) or b'{"rows": {}}')["rows"])
    for source, flags in counted.items():
        yield from (RowsFlagged(source, flag, rows, org) for flag, rows in flags.items() if flag != "duplicate")
