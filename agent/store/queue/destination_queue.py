"""What one destination still has to take, and how it stands: a position in each lane of the spool, and what is parked.

Every move is one transaction: positions, accounts, dead letters and problems together. The loop takes a batch and
settles it chunk by chunk; meanwhile another thread may set that batch aside, and then it is settled there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

from agent.columns.frame_parts import FrameParts
from agent.errors import Damaged
from agent.model import LANES, Lane
from agent.store import dead_letter_problem, keys
from agent.store.accounts import Accounts, DeliveryAccount
from agent.store.attempts import Attempts
from agent.store.dead_letters import DeadLetterContext, letters_of_refusals
from agent.store.queue.delivery_result import DeliveryResult
from agent.store.queue.in_flight_batch import InFlightBatch, rank_of
from agent.store.queue.parked_batches import ParkedBatch
from agent.store.queue.state_stores import StateStores
from agent.store.spool import Position, SpoolEntry
from agent.store.transaction import Transaction


class DestinationQueue:
    """Safe for two threads: the destination's loop, and one that makes room."""

    def __init__(self, name: str, lanes: Sequence[Lane], stores: StateStores, now: Callable[[], datetime]) -> None:
        self._name = name
        self.lanes = [lane for lane in LANES if lane in lanes]
        """Alerts first."""
        self._stores = stores
        self._state, self._spool, self._parked = stores.state, stores.spool, stores.parked
        self._problems = stores.problems
        self._accounts = Accounts(stores.state)
        self._now = now
        self._lock = threading.RLock()
        self._attempts = {lane: Attempts(stores.state, f"forward/{name}/{lane}") for lane in self.lanes}
        self._attempts_parked = Attempts(stores.state, f"forward/{name}/aside")
        self._begun: set[str] = set()
        self._in_flight: InFlightBatch | None = None
        self._positions = {lane: self._take_place(lane) for lane in self.lanes}

    # Asking

    def position(self, lane: Lane) -> Position:
        return self._positions[lane]

    def pending(self, lane: Lane) -> int:
        """Rows committed to the lane and still in it."""
        position, end = self._positions[lane], self._spool.end(lane)
        return self._spool.rows_between(lane, position, end) if position != end else 0

    def spool_bytes(self) -> int:
        """What of the spool this destination still needs."""
        return sum(self._spool.bytes_from(lane, self._positions[lane]) for lane in self.lanes)

    def parked_bytes(self) -> int:
        return self._parked.bytes_held(self._name)

    def parked_rows(self) -> int:
        """Rows outside the lanes that can be sent now."""
        return sum(entry.rows for entry in self._parked.entries(self._name))

    def rank(self, lanes: Sequence[Lane]) -> int | None:
        """How urgent the next batch of these lanes is, see `rank_of`; None while there is none.

        Plain look-ups while nothing waits: it is asked of every shard after each chunk.
        """
        found = self._first(lanes)
        return rank_of(found.lane, parked=isinstance(found, ParkedBatch)) if found is not None else None

    # For the loop

    def take(self, lanes: Sequence[Lane]) -> InFlightBatch | None:
        """The next batch of these lanes: alerts first, and in each lane first what comes now, then what is parked."""
        with self._lock:
            match self._first(lanes):
                case None:
                    self._in_flight = None
                case ParkedBatch() as parked:
                    self._in_flight = InFlightBatch(parked.lane, parked.file, parked.row, parked=parked)
                case entry:
                    row = self._positions[entry.lane].row
                    self._in_flight = InFlightBatch(entry.lane, entry.file, row, entry.sequence)
            return self._in_flight

    def read(self, batch: InFlightBatch) -> FrameParts:
        """The shaped rows of the whole batch, settled rows too. Raises Damaged."""
        if batch.parked is None:
            try:
                return self._spool.read(SpoolEntry(batch.lane, batch.sequence, batch.file))
            except Damaged:
                with self._lock:
                    if batch.parked is None:
                        raise  # else it has just been set aside, and the spool let go of it
        return self._parked.read(batch.parked)

    def begin(self, batch: InFlightBatch) -> bool:
        """Count an attempt; whether so many failed that its offending rows are to be looked for."""
        attempts, place = self._attempts_at(batch), batch.place
        key = place if batch.parked else batch.lane
        if key not in self._begun:
            attempts.begin(place)
            self._begun.add(key)
        return attempts.exhausted(place)

    def give_up(self, batch: InFlightBatch) -> None:
        """An attempt at the batch ended in a fault: `begin` counts the next one."""
        self._begun.discard(batch.place if batch.parked else batch.lane)

    def settle(self, batch: InFlightBatch, row: int, rows: FrameParts, settled: DeliveryResult) -> None:
        """Commit what became of the rows of the batch (`rows`, shaped) from where it stood up to `row`.

        Raises DiskFull: nothing has happened then.
        """
        dead = None
        if settled.refused:
            letters = letters_of_refusals(self._name, batch.lane, rows, settled.refused, self._now())
            dead = self._stores.dead_letters.write(letters)
        try:
            with self._lock:
                with self._state.transact() as transaction:
                    moved = self._advance(transaction, batch, row)
                    self._count(transaction, batch, settled)
                    if dead is not None:
                        context = DeadLetterContext("dead-letters", self._name, self._name, batch.lane)
                        self._stores.dead_letters.name(transaction, dead, context)
                        dead_letter_problem.report_refused(self._problems, self._name, rows, settled.refused)
                    self._report_parked(transaction, batch.parked if moved is None else None)
                self._apply(batch, row, moved)
        except BaseException:
            self._stores.dead_letters.discard(dead)
            raise

    def leave_damaged(self, batch: InFlightBatch, why: str) -> int:
        """Leave a batch that cannot be read behind, to be fetched again; returns how many rows it has. Raises DiskFull."""
        rows = batch.file.rows
        with self._lock:
            lost = rows - batch.row
            with self._state.transact() as transaction:
                self._advance(transaction, batch, rows)
                if batch.parked is None:
                    changes = DeliveryAccount(set_aside=lost)
                    self._accounts.add_delivery(transaction, self._name, batch.lane, changes)
                self._stores.repairs.add(transaction, self._name, batch.lane, batch.file, batch.row, why)
                self._report_parked(transaction, batch.parked)
            self._apply(batch, rows, None)
        return lost

    # For who makes room

    def set_aside(self) -> int:
        """Take the oldest batch of events, or of alerts if there is none, out of its lane; its rows, 0 without any."""
        for lane in reversed(self.lanes):
            with self._lock:
                position = self._positions[lane]
                entry = self._spool.entry(lane, position.sequence)
                if entry is not None:
                    return self._set_aside(entry, position.row)
        return 0

    def drop(self) -> int:
        """Let go of the oldest batch that is set aside, for good; its rows, 0 without any."""
        with self._lock:
            in_flight = self._in_flight.parked if self._in_flight else None
            entry = next(
                (e for e in self._set_aside_batches() if in_flight is None or e.number != in_flight.number), None
            )
            if entry is None:
                return 0
            message = f"{self._name} accepted nothing until the space for its rows was full: rows were dropped"
            with self._state.transact() as transaction:
                self._parked.advance(transaction, entry, entry.file.rows)
                changes = DeliveryAccount(set_aside=-entry.rows, dropped=entry.rows)
                self._accounts.add_delivery(transaction, self._name, entry.lane, changes)
                self._problems.report("rows-dropped", self._name, message, count=entry.rows)
                self._report_parked(transaction, entry)
            self._parked.forget(entry)
            return entry.rows

    # Inside

    def _first(self, lanes: Sequence[Lane]) -> SpoolEntry | ParkedBatch | None:
        """The most urgent batch of these lanes, in the order of `rank_of`."""
        for lane in self.lanes:
            if lane in lanes:
                found = self._spool.entry(lane, self._positions[lane].sequence) or self._parked.first(self._name, lane)
                if found is not None:
                    return found
        return None

    def _attempts_at(self, batch: InFlightBatch) -> Attempts:
        return self._attempts_parked if batch.parked else self._attempts[batch.lane]

    def _advance(self, transaction: Transaction, batch: InFlightBatch, row: int) -> ParkedBatch | Position | None:
        """Rows of the batch before `row` are settled; where it stands then, None for an entry that is done."""
        if batch.parked is not None:
            return self._parked.advance(transaction, batch.parked, row)
        done = row >= batch.file.rows
        position = Position(batch.sequence + 1) if done else Position(batch.sequence, row)
        self._place(transaction, batch.lane, position)
        if done:
            self._attempts[batch.lane].note(transaction, str(position))
        return position

    def _apply(self, batch: InFlightBatch, row: int, moved: ParkedBatch | Position | None) -> None:
        """After the commit."""
        batch.row = row
        if isinstance(moved, Position):
            self._positions[batch.lane] = moved
        elif isinstance(moved, ParkedBatch):
            batch.parked = moved
            self._parked.publish(moved)
        elif batch.parked is not None:
            self._begun.discard(batch.place)
            self._parked.forget(batch.parked)
        else:
            self._positions[batch.lane] = Position(batch.sequence + 1)

    def _count(self, transaction: Transaction, batch: InFlightBatch, settled: DeliveryResult) -> None:
        refused = len(settled.refused)
        # A parked row counts as set aside; once it is acknowledged or refused it no longer does.
        out = -(settled.acknowledged + refused) if batch.parked else 0
        changes = DeliveryAccount(settled.acknowledged, refused, 0, settled.duplicate, settled.resent, out)
        self._accounts.add_delivery(transaction, self._name, batch.lane, changes)

    def _set_aside(self, entry: SpoolEntry, row: int) -> int:
        file = self._parked.hold_copy(self._spool.batches, entry.file)
        following = Position(entry.sequence + 1)
        try:
            with self._state.transact() as transaction:
                parked = self._parked.add(transaction, self._name, entry.lane, file, row, "set_aside", self._now())
                self._place(transaction, entry.lane, following)
                self._attempts[entry.lane].note(transaction, str(following))
                changes = DeliveryAccount(set_aside=parked.rows)
                self._accounts.add_delivery(transaction, self._name, entry.lane, changes)
                self._report_parked(transaction, None, parked)
        except BaseException:
            self._parked.discard(file)
            raise
        self._parked.publish(parked)
        self._positions[entry.lane] = following
        batch = self._in_flight
        if batch is not None and batch.parked is None and (batch.lane, batch.sequence) == (entry.lane, entry.sequence):
            batch.parked, batch.file = parked, file
        return parked.rows

    def _set_aside_batches(self) -> list[ParkedBatch]:
        return [entry for entry in self._parked.entries(self._name) if entry.reason == "set_aside"]

    def _report_parked(self, _: Transaction, gone: ParkedBatch | None, came: ParkedBatch | None = None) -> None:
        """Keep the problem about batches set aside in step, inside the transaction that moves one."""
        if (gone is None or gone.reason != "set_aside") and came is None:
            return
        left = [entry for entry in self._set_aside_batches() if gone is None or entry.number != gone.number]
        rows = sum(entry.rows for entry in left) + (came.rows if came else 0)
        if rows == 0:
            message = f"all rows set aside for {self._name} are delivered or dropped"
            self._problems.over("batches-set-aside", self._name, message)
        elif came is not None:
            message = f"{self._name} accepts fewer rows than are read: {rows:,} of its oldest rows are set aside until it catches up"
            self._problems.report("batches-set-aside", self._name, message, count=rows)

    def _place(self, transaction: Transaction, lane: Lane, position: Position) -> None:
        transaction.set(keys.POSITION.key(self._name, lane), str(position))

    def _take_place(self, lane: Lane) -> Position:
        """The stored position; a new destination begins at the end, and all before it counts as filtered."""
        stored = self._state.text(keys.POSITION.key(self._name, lane))
        position = Position.parse(stored) if stored is not None else self._spool.end(lane)
        start = self._spool.start(lane)
        if position.sequence < start.sequence:
            position = start
        if stored == str(position):
            return position
        # Of all rows ever spooled, those that are neither settled nor still before it were never for it: they count as
        # filtered, and the sum of `accounts` holds from the first commit on.
        known = self._accounts.delivered(self._name, lane)
        pending = self._spool.rows_between(lane, position, self._spool.end(lane))
        with self._state.transact() as transaction:
            self._place(transaction, lane, position)
            missed = DeliveryAccount(filtered=self._accounts.spooled(lane) - known.settled - pending)
            self._accounts.add_delivery(transaction, self._name, lane, missed)
        return position
