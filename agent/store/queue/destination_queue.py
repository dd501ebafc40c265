"""What one destination still has to take, and how it stands: a place in each lane of the spool, and what is aside.

Every move is one transaction: places, accounts, dead letters and problems together. The loop takes a load and
settles it chunk by chunk; meanwhile another thread may set the same batch aside, and the load goes with it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl

from agent.errors import Damaged
from agent.model import LANES, Lane
from agent.store import dead_letter_problem
from agent.store import dead_letters as dead_letter
from agent.store.accounts import Accounts, DeliveryAccount
from agent.store.attempts import Attempts
from agent.store.dead_letters import DeadLetterContext
from agent.store.queue.delivery_result import DeliveryResult
from agent.store.queue.in_flight_batch import InFlightBatch
from agent.store.queue.parked_batches import ParkedBatch
from agent.store.queue.state_stores import StateStores
from agent.store.spool import Position, SpoolEntry
from agent.store.state import Transaction


class DestinationQueue:
    """Safe for two threads: the destination's loop, and one that makes room."""

    def __init__(self, name: str, lanes: Sequence[Lane], stores: StateStores, now: Callable[[], datetime]) -> None:
        self._name = name
        self.lanes = [lane for lane in LANES if lane in lanes]
        """Alerts first."""
        self._stores = stores
        self._state, self._spool, self._aside = stores.state, stores.spool, stores.aside
        self._problems = stores.problems
        self._accounts = Accounts(stores.state)
        self._now = now
        self._lock = threading.RLock()
        self._attempts = {lane: Attempts(stores.state, f"forward/{name}/{lane}") for lane in self.lanes}
        self._attempts_aside = Attempts(stores.state, f"forward/{name}/aside")
        self._begun: set[str] = set()
        self._in_hand: InFlightBatch | None = None
        self._positions = {lane: self._take_place(lane) for lane in self.lanes}

    # Asking

    def position(self, lane: Lane) -> Position:
        return self._positions[lane]

    def pending(self, lane: Lane) -> int:
        """Rows committed to the lane and still in it."""
        return self._spool.rows_between(lane, self._positions[lane], self._spool.end(lane))

    def spool_bytes(self) -> int:
        """What of the spool this destination still needs."""
        return sum(self._spool.bytes_from(lane, self._positions[lane]) for lane in self.lanes)

    def aside_bytes(self) -> int:
        return self._aside.bytes_held(self._name)

    def aside_rows(self) -> int:
        """Rows outside the lanes that can be sent now."""
        return sum(entry.rows for entry in self._aside.entries(self._name))

    def rank(self, lanes: Sequence[Lane]) -> int | None:
        """How urgent the next load of these lanes is, 0 the most; None while there is none."""
        return next((rank for rank, load in enumerate(self._candidates(lanes)) if load is not None), None)

    # For the loop

    def take(self, lanes: Sequence[Lane]) -> InFlightBatch | None:
        """The next load of these lanes: alerts first, and in each lane first what comes now, then what is aside."""
        with self._lock:
            self._in_hand = next((load for load in self._candidates(lanes) if load is not None), None)
            return self._in_hand

    def read(self, load: InFlightBatch) -> pl.DataFrame:
        """The whole batch of a load. Raises Damaged."""
        if load.aside is None:
            try:
                return self._spool.read(SpoolEntry(load.lane, load.sequence, load.file))
            except Damaged:
                with self._lock:
                    if load.aside is None:
                        raise  # else it has just been set aside, and the spool let go of it
        return self._aside.read(load.aside)

    def begin(self, load: InFlightBatch) -> bool:
        """Count an attempt; whether so many failed that its offending rows are to be looked for."""
        attempts, place = self._attempts_at(load), load.place
        key = place if load.aside else load.lane
        if key not in self._begun:
            attempts.begin(place)
            self._begun.add(key)
        return attempts.exhausted(place)

    def settle(self, load: InFlightBatch, row: int, frame: pl.DataFrame, settled: DeliveryResult) -> None:
        """Commit what became of the rows of `frame` up to `row`. Raises DiskFull: nothing has happened then."""
        dead = None
        if settled.refused:
            letters = dead_letter.of_refusals(self._name, load.lane, frame, settled.refused, self._now())
            dead = self._stores.dead_letters.write(letters)
        try:
            with self._lock:
                with self._state.transact() as transaction:
                    moved = self._advance(transaction, load, row)
                    self._count(transaction, load, settled)
                    if dead is not None:
                        about = DeadLetterContext("dead-letters", self._name, self._name, load.lane)
                        self._stores.dead_letters.name(transaction, dead, about)
                        dead_letter_problem.refused(self._problems, self._name, frame, settled.refused)
                    self._tell_aside(transaction, load.aside if moved is None else None)
                self._apply(load, row, moved)
        except BaseException:
            self._stores.dead_letters.discard(dead)
            raise

    def damaged(self, load: InFlightBatch, why: str) -> int:
        """Leave a batch that cannot be read behind, to be fetched again; returns how many rows it has. Raises DiskFull."""
        rows = load.file.rows
        with self._lock:
            lost = rows - load.row
            with self._state.transact() as transaction:
                self._advance(transaction, load, rows)
                if load.aside is None:
                    more = DeliveryAccount(set_aside=lost)
                    self._accounts.add_delivered(transaction, self._name, load.lane, more)
                self._stores.repairs.add(transaction, self._name, load.lane, load.file, load.row, why)
                self._tell_aside(transaction, load.aside)
            self._apply(load, rows, None)
        self._stores.repairs.told()
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
            in_hand = self._in_hand.aside if self._in_hand else None
            entry = next((e for e in self._set_aside_entries() if in_hand is None or e.number != in_hand.number), None)
            if entry is None:
                return 0
            message = f"{self._name} took nothing until what is kept for it was full: rows were dropped"
            with self._state.transact() as transaction:
                self._aside.advance(transaction, entry, entry.file.rows)
                more = DeliveryAccount(set_aside=-entry.rows, dropped=entry.rows)
                self._accounts.add_delivered(transaction, self._name, entry.lane, more)
                self._problems.report("rows-dropped", self._name, message, count=entry.rows)
                self._tell_aside(transaction, entry)
            self._aside.forget(entry)
            return entry.rows

    # Inside

    def _candidates(self, lanes: Sequence[Lane]) -> list[InFlightBatch | None]:
        """Alerts now, alerts aside, events now, events aside; None where there is nothing or the lane is not asked for."""
        loads: list[InFlightBatch | None] = []
        for lane in LANES:
            if lane not in lanes:
                loads += [None, None]
                continue
            position = self._positions[lane]
            entry = self._spool.entry(lane, position.sequence)
            loads.append(InFlightBatch(lane, entry.file, position.row, entry.sequence) if entry else None)
            aside = self._aside.first(self._name, lane)
            loads.append(InFlightBatch(lane, aside.file, aside.row, aside=aside) if aside else None)
        return loads

    def _attempts_at(self, load: InFlightBatch) -> Attempts:
        return self._attempts_aside if load.aside else self._attempts[load.lane]

    def _advance(self, transaction: Transaction, load: InFlightBatch, row: int) -> ParkedBatch | Position | None:
        """Rows of the load before `row` are settled; where it stands then, None for an entry that is done."""
        if load.aside is not None:
            return self._aside.advance(transaction, load.aside, row)
        done = row >= load.file.rows
        position = Position(load.sequence + 1) if done else Position(load.sequence, row)
        self._place(transaction, load.lane, position)
        if done:
            self._attempts[load.lane].note(transaction, str(position))
        return position

    def _apply(self, load: InFlightBatch, row: int, moved: ParkedBatch | Position | None) -> None:
        """After the commit."""
        load.row = row
        if isinstance(moved, Position):
            self._positions[load.lane] = moved
        elif isinstance(moved, ParkedBatch):
            load.aside = moved
            self._aside.publish(moved)
        elif load.aside is not None:
            self._begun.discard(load.place)
            self._aside.forget(load.aside)
        else:
            self._positions[load.lane] = Position(load.sequence + 1)

    def _count(self, transaction: Transaction, load: InFlightBatch, settled: DeliveryResult) -> None:
        refused = len(settled.refused)
        out = -(settled.acknowledged + refused) if load.aside else 0
        more = DeliveryAccount(settled.acknowledged, refused, 0, settled.duplicate, settled.resent, out)
        self._accounts.add_delivered(transaction, self._name, load.lane, more)

    def _set_aside(self, entry: SpoolEntry, row: int) -> int:
        file = self._aside.link(self._spool.path(entry.file), entry.file)
        following = Position(entry.sequence + 1)
        try:
            with self._state.transact() as transaction:
                aside = self._aside.add(transaction, self._name, entry.lane, file, row, "set_aside", self._now())
                self._place(transaction, entry.lane, following)
                self._attempts[entry.lane].note(transaction, str(following))
                more = DeliveryAccount(set_aside=aside.rows)
                self._accounts.add_delivered(transaction, self._name, entry.lane, more)
                self._tell_aside(transaction, None, aside)
        except BaseException:
            self._aside.discard(file)
            raise
        self._aside.publish(aside)
        self._positions[entry.lane] = following
        load = self._in_hand
        if load is not None and load.aside is None and (load.lane, load.sequence) == (entry.lane, entry.sequence):
            load.aside, load.file = aside, file
        return aside.rows

    def _set_aside_entries(self) -> list[ParkedBatch]:
        return [entry for entry in self._aside.entries(self._name) if entry.reason == "set_aside"]

    def _tell_aside(self, _: Transaction, gone: ParkedBatch | None, came: ParkedBatch | None = None) -> None:
        """Keep the problem about batches set aside in step, inside the transaction that moves one."""
        if (gone is None or gone.reason != "set_aside") and came is None:
            return
        left = [entry for entry in self._set_aside_entries() if gone is None or entry.number != gone.number]
        rows = sum(entry.rows for entry in left) + (came.rows if came else 0)
        if rows == 0:
            message = f"everything that was set aside for {self._name} is settled"
            self._problems.over("batches-set-aside", self._name, message)
        elif came is not None:
            message = (
                f"{self._name} takes less than is read: {rows:,} of its oldest rows are set aside until it catches up"
            )
            self._problems.report("batches-set-aside", self._name, message, count=rows)

    def _place(self, transaction: Transaction, lane: Lane, position: Position) -> None:
        transaction.set(f"position/{self._name}/{lane}", str(position))

    def _take_place(self, lane: Lane) -> Position:
        """The stored position; a new destination begins at the end, and all before it counts as filtered."""
        stored = self._state.text(f"position/{self._name}/{lane}")
        position = Position.parse(stored) if stored is not None else self._spool.end(lane)
        start = self._spool.start(lane)
        if position.sequence < start.sequence:
            position = start
        if stored == str(position):
            return position
        known = self._accounts.delivered(self._name, lane)
        pending = self._spool.rows_between(lane, position, self._spool.end(lane))
        with self._state.transact() as transaction:
            self._place(transaction, lane, position)
            missed = DeliveryAccount(filtered=self._accounts.spooled(lane) - known.settled - pending)
            self._accounts.add_delivered(transaction, self._name, lane, missed)
        return position
