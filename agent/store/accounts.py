"""The sum that must hold to the row, at any time.

    read = duplicate + malformed + spooled
    spooled = acknowledged + dead-lettered + filtered + set aside + dropped + pending   (for each destination and lane)

Every number is written in the same transaction as what it counts. *Filtered* rows are those a destination never
takes: it does not follow the lane, or was added after them. *Set aside* rows wait outside the lane: batches beyond
the destination's quota, dead letters replayed, rows of damaged batches until they are fetched again. *Dropped* rows
are gone because somebody or a setting said so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import orjson

from agent.model import Lane
from agent.store import keys
from agent.store.state import State
from agent.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class IngestAccount:
    """What became of the rows read, for one source and event type."""

    read: int = 0
    duplicate: int = 0
    malformed: int = 0
    spooled: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryAccount:
    """What became of the rows of one lane at one destination."""

    acknowledged: int = 0
    dead_lettered: int = 0
    filtered: int = 0
    duplicate: int = 0
    """Of the acknowledged ones: those the other side had already."""
    resent: int = 0
    set_aside: int = 0
    """Rows waiting outside the lane; they are counted as acknowledged, dead-lettered or dropped afterwards."""
    dropped: int = 0

    @property
    def settled(self) -> int:
        """All rows that are no longer in the lane."""
        return self.acknowledged + self.dead_lettered + self.filtered + self.set_aside + self.dropped


class Accounts:
    """The numbers as the state holds them. Writers pass the transaction that carries what they count."""

    def __init__(self, state: State) -> None:
        self._state = state

    def ingested(self) -> dict[tuple[str, str], IngestAccount]:
        """By (source name, event type)."""
        return {
            tuple(keys.READ_ACCOUNT.rest(key).rsplit("/", 1)): IngestAccount(**self._load(key))  # type: ignore[misc]
            for key in self._state.keys(keys.READ_ACCOUNT.prefix)
        }

    def delivered(self, destination: str, lane: Lane) -> DeliveryAccount:
        return DeliveryAccount(**self._load(keys.DELIVERY_ACCOUNT.key(destination, lane)))

    def spooled(self, lane: Lane) -> int:
        """Rows ever committed to a lane."""
        return self._state.number(keys.LANE_ACCOUNT.key(lane))

    def add_ingest(self, transaction: Transaction, source: str, event_type: str, account: IngestAccount) -> None:
        self._add(transaction, keys.READ_ACCOUNT.key(source, event_type), asdict(account))

    def add_spooled(self, transaction: Transaction, lane: Lane, rows: int) -> None:
        transaction.set(keys.LANE_ACCOUNT.key(lane), self.spooled(lane) + rows)

    def add_delivery(self, transaction: Transaction, destination: str, lane: Lane, account: DeliveryAccount) -> None:
        self._add(transaction, keys.DELIVERY_ACCOUNT.key(destination, lane), asdict(account))

    def _load(self, key: str) -> dict[str, int]:
        numbers: dict[str, int] = orjson.loads(self._state.data(key) or b"{}")
        return numbers

    def _add(self, transaction: Transaction, key: str, account: dict[str, int]) -> None:
        before = self._load(key)
        transaction.set(key, orjson.dumps({name: before.get(name, 0) + count for name, count in account.items()}))
