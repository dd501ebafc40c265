"""Putting positions, numbers and accounts of the spool in order after values were lost."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from agent.model import LANES, Lane
from agent.store import keys
from agent.store.accounts import Accounts, DeliveryAccount, IngestAccount
from agent.store.batch_file import BatchFile
from agent.store.spool import Position
from agent.store.state import State
from agent.store.transaction import Transaction

ACCOUNTS = (keys.READ_ACCOUNT, keys.LANE_ACCOUNT, keys.DELIVERY_ACCOUNT)

SOURCE = "recovered"
"""The name in the accounts for rows that were taken in again."""

Destinations = Mapping[str, Sequence[Lane]]
"""Names to the lanes they take."""


@dataclass(frozen=True, slots=True)
class Books:
    """Those of one shard; all of it inside one transaction of the caller's."""

    state: State
    transaction: Transaction
    destinations: Destinations

    def close_gaps(self, least: Mapping[str, int]) -> None:
        """A lane's batches get consecutive numbers up to the next one: a loop would wait for a missing one for ever.

        Positions move along. The next number is above every batch and position there is, and at least what `least` says
        of the lane.
        """
        for lane in LANES:
            entries, positions = self._entries(lane), self._positions(lane)
            above = [sequence + 1 for sequence in entries]
            above += [position.sequence + (position.row > 0) for position in positions.values()]
            top = max([self.state.number(keys.NEXT_BATCH.key(lane)), least.get(lane, 0), *above])
            self.transaction.set(keys.NEXT_BATCH.key(lane), top)
            sequences = sorted(entries)
            first = top - len(sequences)
            for place in reversed(range(len(sequences))):  # from the top: numbers only grow, so none is written over
                self.transaction.delete(keys.BATCH.key(lane, sequences[place]))
                self.transaction.set(keys.BATCH.key(lane, first + place), entries[sequences[place]])
            for key, position in positions.items():
                place = bisect_left(sequences, position.sequence)
                known = place < len(sequences) and sequences[place] == position.sequence
                self.transaction.set(key, str(Position(first + place, position.row if known else 0)))

    def add(self, lane: Lane, file: BatchFile) -> None:
        """A batch at the end of its lane, for all destinations; its rows count as read."""
        sequence = self.state.number(keys.NEXT_BATCH.key(lane))
        self.transaction.set(keys.BATCH.key(lane, sequence), file.encode())
        self.transaction.set(keys.NEXT_BATCH.key(lane), sequence + 1)
        accounts = Accounts(self.state)
        accounts.add_ingest(self.transaction, SOURCE, lane, IngestAccount(read=file.rows, spooled=file.rows))
        accounts.add_spooled(self.transaction, lane, file.rows)

    def place_destinations(self) -> None:
        """A destination without a position stands before everything that is kept, not behind it as a new one would."""
        accounts = Accounts(self.state)
        for name, lanes in self.destinations.items():
            for lane in lanes:
                key = keys.POSITION.key(name, lane)
                if self.state.text(key) is None:
                    start = min(self._entries(lane), default=self.state.number(keys.NEXT_BATCH.key(lane)))
                    self.transaction.set(key, str(Position(start)))
                    missed = (
                        accounts.spooled(lane) - _settled(accounts.delivered(name, lane)) - self._pending(name, lane)
                    )
                    accounts.add_delivery(self.transaction, name, lane, DeliveryAccount(filtered=max(0, missed)))

    def is_balanced(self) -> bool:
        """Whether every row is accounted for."""
        accounts = Accounts(self.state)
        return all(a.read == a.duplicate + a.malformed + a.spooled for a in accounts.ingested().values()) and all(
            accounts.spooled(lane) == _settled(accounts.delivered(name, lane)) + self._pending(name, lane)
            for name, lanes in self.destinations.items()
            for lane in lanes
        )

    def reset_accounts(self) -> None:
        """Accounts that count what the spool holds now and nothing from before."""
        for family in ACCOUNTS:
            for key in self.state.keys(family.prefix):
                self.transaction.delete(key)
        accounts = Accounts(self.state)
        for lane in LANES:
            rows = sum(BatchFile.decode(data).rows for data in self._entries(lane).values())
            accounts.add_ingest(self.transaction, SOURCE, lane, IngestAccount(read=rows, spooled=rows))
            accounts.add_spooled(self.transaction, lane, rows)
            for name, lanes in self.destinations.items():
                if lane in lanes:
                    before = DeliveryAccount(filtered=rows - self._pending(name, lane))
                    accounts.add_delivery(self.transaction, name, lane, before)

    def _entries(self, lane: Lane) -> dict[int, bytes]:
        stored = self.state.keys(keys.BATCH.key(lane, ""))
        return {int(key.rsplit("/", 1)[1]): self.state.data(key) or b"" for key in stored}

    def _positions(self, lane: Lane) -> dict[str, Position]:
        stored = [key for key in self.state.keys(keys.POSITION.prefix) if key.endswith(f"/{lane}")]
        return {key: Position.parse(self.state.text(key) or "0:0") for key in stored}

    def _pending(self, name: str, lane: Lane) -> int:
        position = Position.parse(self.state.text(keys.POSITION.key(name, lane)) or "0:0")
        entries = self._entries(lane).items()
        return sum(BatchFile.decode(data).rows for s, data in entries if s >= position.sequence) - position.row


def _settled(account: DeliveryAccount) -> int:
    """All rows no longer in the lane, whatever became of them; the two left out are part of the acknowledged ones."""
    return sum(rows for what, rows in asdict(account).items() if what not in ("duplicate", "resent"))
