"""The second loop: each destination follows the spool at its own pace and acknowledges only what was accepted."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl
import structlog

from agent import dead_letter, metrics, poison
from agent.account import Accounts, Delivered
from agent.chunk import cut
from agent.dead_letter import DeadLetters
from agent.deliver import Delivery, Settled, Stopped
from agent.errors import Damaged, DiskFull, Unavailable
from agent.model import LANES, Destination, Format, Lane
from agent.poison import Attempts
from agent.spool import Entry, Position, Spool
from agent.state import State, Transaction
from agent.store import dead_letter_problem
from agent.store.problems import Problems
from agent.store.restored import Restored

log = structlog.get_logger()

FULL_DISK_PAUSE = 5.0
"""Seconds between two attempts to note a position on a full disk."""


class SharedLines:
    """Encoded lines of the newest batches, so that destinations side by side share one encoding."""

    def __init__(self, keep: int = 2) -> None:
        """`keep`: batches whose lines stay; 0 where there is nobody to share with."""
        self._lines: dict[tuple[Lane, int, Format], pl.Series] = {}
        self._keep = keep
        self._lock = threading.Lock()

    def of(self, entry: Entry, frame: pl.DataFrame, encode: Format) -> pl.Series:
        key = (entry.lane, entry.sequence, encode)
        with self._lock:
            lines = self._lines.get(key)
        if lines is None:
            lines = encode(frame)
            with self._lock:
                self._lines[key] = lines
                while len(self._lines) > self._keep:
                    del self._lines[next(iter(self._lines))]
        return lines


class Forward:
    """One destination's loop."""

    def __init__(
        self,
        destination: Destination,
        state: State,
        spool: Spool,
        dead_letters: DeadLetters,
        problems: Problems,
        lines: SharedLines,
        *,
        now: Callable[[], datetime],
        stop: threading.Event,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.destination = destination
        self._state = state
        self._spool = spool
        self._dead_letters = dead_letters
        self._problems = problems
        self._lines = lines
        self._accounts = Accounts(state)
        self._now = now
        self._stop = stop
        self._delivery = Delivery(
            destination, stop, jitter, unavailable=self._report_unavailable, accepting=self._report_accepting
        )
        self._attempts = {lane: Attempts(state, f"forward/{destination.name}/{lane}") for lane in destination.lanes}
        self._begun: set[Lane] = set()
        self._positions = {lane: self._take_place(lane) for lane in destination.lanes}
        self._restored = Restored(destination, destination.name, state, problems)
        for lane, position in self._positions.items():
            self._restored.compare(lane, position, self._accounts.delivered(destination.name, lane).acknowledged)

    @property
    def problem(self) -> str:
        """Why nothing is accepted just now; empty while all is well."""
        return self._delivery.problem

    @property
    def lanes(self) -> Sequence[Lane]:
        """The lanes this destination takes, alerts first."""
        return [lane for lane in LANES if lane in self.destination.lanes]

    def position(self, lane: Lane) -> Position:
        return self._positions[lane]

    def pending(self, lane: Lane) -> int:
        """Rows committed but not settled here."""
        return self._spool.rows_between(lane, self._positions[lane], self._spool.end(lane))

    def run(self) -> None:
        """Until the stop event: send what there is, alerts first; wait for more."""
        while not self._stop.is_set():
            if not self.forward():
                with self._spool.grown:
                    self._spool.grown.wait_for(lambda: self._next() is not None or self._stop.is_set(), timeout=1.0)

    def forward(self) -> bool:
        """Settle one batch, or as much of it as comes before an alert; False when there is nothing to send."""
        entry = self._next()
        if entry is None:
            return False
        try:
            self._settle_batch(entry)
        except Stopped:
            pass
        except Damaged as error:
            self._pass_over(entry, str(error))
        return True

    def _next(self) -> Entry | None:
        for lane in self.lanes:
            entry = self._spool.entry(lane, self._positions[lane].sequence)
            if entry is not None:
                return entry
        return None

    def _report_unavailable(self, error: Unavailable) -> None:
        name = self.destination.name
        fields = {"error.type": type(error).__name__, "error.message": str(error)}
        self._problems.report("destination-unavailable", name, f"{name} takes nothing: {error}", fields=fields)

    def _report_accepting(self) -> None:
        name = self.destination.name
        self._problems.over("destination-unavailable", name, f"{name} accepts again")

    def _settle_batch(self, entry: Entry) -> None:
        lane, place = entry.lane, str(Position(entry.sequence))
        if lane not in self._begun:
            self._begun.add(lane)
            self._attempts[lane].begin(place)
        frame = self._spool.read(entry)
        if self._attempts[lane].exhausted(place):
            poisoned = poison.poisonous_rows(frame, self._encode_alone)
            if poisoned:
                self._settle_poisoned(entry, frame, poisoned)
                return
        lines = self.destination.wrap(frame, self._lines.of(entry, frame, self.destination.format))
        self._send_rows(entry, frame, lines)

    def _send_rows(self, entry: Entry, frame: pl.DataFrame, lines: pl.Series) -> None:
        """Chunk by chunk from the position on; leaves at a chunk's end for an alert or when asked to stop."""
        row = self._positions[entry.lane].row
        while row < frame.height:
            limits = self._limits()
            for chunk in cut(lines[row:], frame[row:], max_bytes=limits[0], max_rows=limits[1]):
                settled = self._delivery.deliver(chunk, row)
                row += len(chunk.lines)
                self._move(entry, row, frame, settled)
                if self._stop.is_set() or self._overtaken(entry.lane):
                    return
                if self._limits() != limits:  # the destination has learned smaller ones
                    break

    def _settle_poisoned(self, entry: Entry, frame: pl.DataFrame, poisoned: list[tuple[int, str]]) -> None:
        """A batch with rows that cannot be encoded: the good ones are sent in one go, the others kept aside."""
        first = self._positions[entry.lane].row
        bad = {row: reason for row, reason in poisoned if row >= first}
        places = [row for row in range(first, frame.height) if row not in bad]
        good = frame[places]
        settled = Settled(refused=list(bad.items()))
        lines = self.destination.wrap(good, self.destination.format(good))
        limits = self._limits()
        start = 0
        for chunk in cut(lines, good, max_bytes=limits[0], max_rows=limits[1]):
            part = self._delivery.deliver(chunk, start)
            start += len(chunk.lines)
            settled.acknowledged += part.acknowledged
            settled.duplicate += part.duplicate
            settled.resent += part.resent
            settled.refused += [(places[row], reason) for row, reason in part.refused]
        self._move(entry, frame.height, frame, settled)

    def _limits(self) -> tuple[int, int]:
        return self.destination.max_bytes, self.destination.max_rows

    def _encode_alone(self, frame: pl.DataFrame) -> None:
        self.destination.wrap(frame, self.destination.format(frame))

    def _overtaken(self, lane: Lane) -> bool:
        """Whether an alert waits while events are being sent."""
        following = self._next()
        return lane == "events" and following is not None and following.lane == "alerts"

    def _move(self, entry: Entry, row: int, frame: pl.DataFrame, settled: Settled) -> None:
        """Commit the new position with what it settles; a full disk is waited out."""
        position = Position(entry.sequence + 1) if row >= entry.file.rows else Position(entry.sequence, row)
        while True:
            try:
                self._commit(entry.lane, position, frame, settled)
                break
            except DiskFull as error:
                log.warning("delivery cannot note its position", destination=self.destination.name, reason=str(error))
                self._state.give_up_ballast()
                if self._stop.wait(FULL_DISK_PAUSE):
                    raise Stopped from error
        self._positions[entry.lane] = position
        self._restored.settled(entry.lane, position, settled.acknowledged, settled.duplicate, settled.resent)
        self._measure(entry.lane, settled)

    def _commit(self, lane: Lane, position: Position, frame: pl.DataFrame, settled: Settled) -> None:
        name, dead = self.destination.name, None
        if settled.refused:
            dead = self._dead_letters.write(dead_letter.of_refusals(name, lane, frame, settled.refused, self._now()))
        more = Delivered(settled.acknowledged, len(settled.refused), 0, settled.duplicate, settled.resent)
        try:
            with self._state.transact() as transaction:
                self._place(transaction, lane, position)
                self._accounts.add_delivered(transaction, name, lane, more)
                if dead is not None:
                    self._dead_letters.name(transaction, dead)
                    dead_letter_problem.refused(self._problems, name, frame, settled.refused)
                if position.row == 0:
                    self._attempts[lane].note(transaction, str(position))
        except BaseException:
            self._dead_letters.discard(dead)
            raise

    def _measure(self, lane: Lane, settled: Settled) -> None:
        name = self.destination.name
        metrics.EVENTS_SENT.labels(name, lane).inc(settled.acknowledged)
        metrics.EVENTS_RESENT.labels(name).inc(settled.resent)
        metrics.EVENTS_DUPLICATED.labels(name).inc(settled.duplicate)
        metrics.ROWS_REJECTED.labels("sending", name).inc(len(settled.refused))
        metrics.EVENTS_PENDING.labels(name, lane).set(self.pending(lane))

    def _pass_over(self, entry: Entry, reason: str) -> None:
        """A batch that cannot be read any more is counted as dead-lettered and left behind."""
        start = self._positions[entry.lane]
        lost = entry.file.rows - start.row
        log.error("batch lost", destination=self.destination.name, rows=lost, reason=reason)
        position = Position(entry.sequence + 1)
        with self._state.transact() as transaction:
            self._place(transaction, entry.lane, position)
            self._accounts.add_delivered(transaction, self.destination.name, entry.lane, Delivered(dead_lettered=lost))
        self._positions[entry.lane] = position
        metrics.ROWS_REJECTED.labels("sending", self.destination.name).inc(lost)

    def _place(self, transaction: Transaction, lane: Lane, position: Position) -> None:
        transaction.set(f"position/{self.destination.name}/{lane}", str(position))

    def _take_place(self, lane: Lane) -> Position:
        """The stored position; a new destination begins at the end, and all before it counts as filtered."""
        name = self.destination.name
        stored = self._state.text(f"position/{name}/{lane}")
        position = Position.parse(stored) if stored is not None else self._spool.end(lane)
        start = self._spool.start(lane)
        if position.sequence < start.sequence:
            position = start
        if stored == str(position):
            return position
        known = self._accounts.delivered(name, lane)
        settled = known.acknowledged + known.dead_lettered + known.filtered
        pending = self._spool.rows_between(lane, position, self._spool.end(lane))
        with self._state.transact() as transaction:
            self._place(transaction, lane, position)
            missed = Delivered(filtered=self._accounts.spooled(lane) - settled - pending)
            self._accounts.add_delivered(transaction, name, lane, missed)
        return position
