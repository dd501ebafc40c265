"""The second loop: each destination follows the spool at its own pace and acknowledges only what was accepted."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import polars as pl
import structlog

from agent import metrics
from agent.columns.frame_parts import FrameParts
from agent.delivery_settings import DeliverySettings
from agent.errors import Damaged, DiskFull, StateError, Unavailable
from agent.model import LANES, WRAPPED, Destination, Lane
from agent.pipeline.chunk import cut
from agent.pipeline.deliver import Delivery, DeliveryStopped
from agent.pipeline.poison_rows import poison
from agent.pipeline.progress import FULL_DISK_PAUSE
from agent.pipeline.shard_follower import ShardFollower
from agent.pipeline.shard_turns import ShardTurns
from agent.pipeline.shared_lines import SharedLines
from agent.store.problems import Problems
from agent.store.queue.backlog_limit import Quota
from agent.store.queue.delivery_result import DeliveryResult
from agent.store.queue.in_flight_batch import InFlightBatch
from agent.store.queue.state_stores import StateStores
from agent.store.restore_detector import DeliveryMarks

log = structlog.get_logger()


class Forward:
    """One destination's loop, over the shards that it takes."""

    def __init__(
        self,
        destination: Destination,
        shards: Sequence[StateStores],
        lines: SharedLines,
        *,
        problems: Problems,
        now: Callable[[], datetime],
        stop: threading.Event,
        settings: DeliverySettings | None = None,
        jitter: Callable[[], float] = random.random,
        monotonic: Callable[[], float] = time.monotonic,
        grown: threading.Condition | None = None,
    ) -> None:
        """`shards`: the stores of at least one unless `grown` is given, the condition that the spools of all share; `problems`:
        the register of what concerns the process, such as that the destination takes nothing.
        """
        self.destination = destination
        self.settings = settings or DeliverySettings()
        self._problems = problems
        self._grown = grown or shards[0].spool.grown
        self._lines = lines
        self._now = now
        self._stop = stop
        self._delivery = Delivery(
            destination,
            stop,
            jitter,
            longest_pause=self.settings.longest_pause.total_seconds(),
            unavailable=self._report_unavailable,
            accepting=self._report_accepting,
        )
        self._follower = partial(
            ShardFollower,
            destination,
            settings=self.settings,
            marks=DeliveryMarks.of(destination),
            now=now,
            monotonic=monotonic,
            jitter=jitter,
        )
        self._turns = ShardTurns([self._follower(stores) for stores in shards])
        self._waits_until: datetime | None = None

    @property
    def name(self) -> str:
        return self.destination.name

    @property
    def shards(self) -> Sequence[ShardFollower]:
        """What it takes of each shard."""
        return self._turns.shards

    def follow(self, stores: StateStores) -> None:
        """Take a further shard. From any thread."""
        self._turns.join(self._follower(stores))

    @property
    def problem(self) -> str:
        """Why nothing is accepted just now; empty while all is well."""
        return self._delivery.problem

    @property
    def lanes(self) -> Sequence[Lane]:
        """The lanes this destination takes, alerts first."""
        return [lane for lane in LANES if lane in self.destination.lanes]

    def pending(self, lane: Lane) -> int:
        """Rows committed but not settled here, in all shards."""
        return sum(shard.queue.pending(lane) for shard in self.shards)

    def is_drained(self) -> bool:
        """Whether everything is settled."""
        return all(shard.is_drained() for shard in self.shards)

    def live_status(self) -> Mapping[str, Any]:
        """What only the running loop knows, for `status`. `stopped`: lanes, of any shard."""
        until = self._waits_until
        stopped = {lane for shard in self.shards for lane in shard.stopped.lanes}
        return {
            "problem": self.problem,
            "waits_until": until.isoformat() if until and until > self._now() else None,
            "stopped": [lane for lane in self.lanes if lane in stopped],
        }

    def quota(self, shard: ShardFollower, limit: int, *, alone: bool) -> Quota:
        """What of a shard may wait here, see `Quota.of`."""
        return Quota.of(self.name, self.settings, shard.queue, lambda: self.problem, limit=limit, alone=alone)

    def run(self) -> None:
        """Until the stop event: send what there is, alerts first; wait for more."""
        while not self._stop.is_set():
            if not self.forward():
                with self._grown:
                    self._grown.wait_for(lambda: self._turns.next() is not None or self._stop.is_set(), timeout=1.0)

    def forward(self) -> bool:
        """Settle one batch, or as much of it as comes before an alert; False when there is nothing to send.

        A full disk is waited out.
        """
        try:
            return self._forward()
        except DeliveryStopped:
            return True
        except DiskFull as error:
            self._wait_for_room(error)
            return True

    def _forward(self) -> bool:
        for shard in self.shards:
            if shard.stopped.due_for_retry():
                self._probe(shard)
        following = self._turns.next()
        batch = following.take() if following is not None else None
        if following is None or batch is None:
            return False
        self._turns.note_turn(following, batch)
        try:
            self._settle_batch(following, batch)
            following.note_well()
        except Damaged as error:
            reason = str(error)
            self._commit(lambda: following.queue.leave_damaged(batch, reason))  # it is fetched again
        except (DeliveryStopped, StateError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other shards are delivered
            following.rest(batch, error)
        return True

    def _report_unavailable(self, error: Unavailable, pause: float) -> None:
        self._waits_until = until = self._now() + timedelta(seconds=pause)
        fields = {"error.type": type(error).__name__, "error.message": str(error)}
        asked = error.retry_after
        waits = f"; it asked for {asked:,.0f} s: the next attempt is at {until:%H:%M:%S} UTC" if asked else ""
        message = f"{self.name} accepts nothing: {error}{waits}"
        with suppress(DiskFull):  # the next attempt reports it again
            self._problems.report("destination-unavailable", self.name, message, fields=fields)

    def _report_accepting(self) -> None:
        self._waits_until = None
        with suppress(DiskFull):  # what was accepted must be noted first, and the next answer ends it again
            self._problems.over("destination-unavailable", self.name, f"{self.name} accepts again")

    # Sending

    def _settle_batch(self, shard: ShardFollower, batch: InFlightBatch) -> None:
        look_for_poison = shard.queue.begin(batch)
        rows = shard.queue.read(batch)
        poisoned = poison.poisonous_rows(rows, self._encode_alone) if look_for_poison else []
        if not poisoned:
            try:
                lines = self._wrapped(rows, self._lines.of(batch, rows, self.destination.format))
            except MemoryError:
                raise
            except Exception:
                # A row of one org must not end the process of all; what breaks no row alone is another kind of fault.
                poisoned = poison.poisonous_rows(rows, self._encode_alone)
                if not poisoned:
                    raise
            else:
                self._send_rows(shard, batch, rows, lines)
                return
        self._settle_poisoned(shard, batch, rows, poisoned)

    def _send_rows(self, shard: ShardFollower, batch: InFlightBatch, rows: FrameParts, lines: pl.Series) -> None:
        """Chunk by chunk from the row on; leaves at a chunk's end for something more urgent or when asked to stop."""
        row = batch.row
        while row < rows.height:
            limits = self.destination.limits
            for chunk in cut(lines[row:], rows.slice(row), max_bytes=limits.max_bytes, max_rows=limits.max_rows):
                settled = self._delivery.deliver(chunk, row)
                row += len(chunk.lines)
                self._move(shard, batch, row, rows, settled)
                if self._stop.is_set() or batch.lane in shard.stopped.lanes or self._turns.overtakes(batch):
                    return
                if self.destination.limits != limits:  # the destination has learned smaller ones
                    break

    def _settle_poisoned(
        self, shard: ShardFollower, batch: InFlightBatch, rows: FrameParts, poisoned: list[tuple[int, str]]
    ) -> None:
        """A batch with rows that cannot be encoded: the good ones are sent in one go, the others kept aside."""
        bad = {row: reason for row, reason in poisoned if row >= batch.row}
        places = [row for row in range(batch.row, rows.height) if row not in bad]
        good = rows.rows(places)
        settled = DeliveryResult(refused=list(bad.items()))
        lines = self._wrapped(good, good.text(self.destination.format))
        limits = self.destination.limits
        start = 0
        for chunk in cut(lines, good, max_bytes=limits.max_bytes, max_rows=limits.max_rows):
            part = self._delivery.deliver(chunk, start)
            start += len(chunk.lines)
            settled.acknowledged += part.acknowledged
            settled.duplicate += part.duplicate
            settled.resent += part.resent
            settled.rejected += part.rejected
            # `deliver` counted rows of `good`; a refusal is noted under the row of the whole batch.
            settled.refused += [(places[row], reason) for row, reason in part.refused]
        self._move(shard, batch, rows.height, rows, settled)

    def _wrapped(self, rows: FrameParts, lines: pl.Series) -> pl.Series:
        """In one go, whatever else the columns of several frames are."""
        frame = rows.frames[0] if len(rows.frames) == 1 else rows.select(WRAPPED)
        return self.destination.wrap(frame, lines)

    def _encode_alone(self, frame: pl.DataFrame) -> None:
        """Encode some rows of a shaped frame for nothing but to see whether they can be encoded."""
        self.destination.wrap(frame, self.destination.format(frame))

    def _move(
        self, shard: ShardFollower, batch: InFlightBatch, row: int, rows: FrameParts, settled: DeliveryResult
    ) -> None:
        """Commit what is settled; a full disk is waited out."""
        answered = row - batch.row  # reckoned first: settling moves `batch.row` on to `row`
        self._commit(lambda: shard.queue.settle(batch, row, rows, settled))
        if batch.parked is None:  # what was parked may have been there before
            position = shard.queue.position(batch.lane)
            shard.restore_detector.observe(
                batch.lane, position, settled.acknowledged, settled.duplicate, settled.resent
            )
        self._measure(batch.lane, settled)
        shard.stopped.record_answer(
            batch.lane, answered, settled.rejected, settled.refused[-1][1] if settled.refused else ""
        )

    def _commit(self, work: Callable[[], object]) -> None:
        while True:
            try:
                work()
                return
            except DiskFull as error:
                if self._wait_for_room(error):
                    raise DeliveryStopped from error

    def _wait_for_room(self, error: DiskFull) -> bool:
        """Whether the loop was asked to end meanwhile."""
        log.warning("delivery cannot store its position", destination=self.name, reason=str(error))
        self.shards[0].stores.state.give_up_ballast()
        return self._stop.wait(FULL_DISK_PAUSE)

    def _measure(self, lane: Lane, settled: DeliveryResult) -> None:
        metrics.EVENTS_SENT.labels(self.name, lane).inc(settled.acknowledged)
        metrics.EVENTS_RESENT.labels(self.name).inc(settled.resent)
        metrics.EVENTS_DUPLICATED.labels(self.name).inc(settled.duplicate)
        metrics.ROWS_REJECTED.labels("sending", self.name).inc(len(settled.refused))
        self.measure_waiting()

    def measure_waiting(self) -> None:
        """Set the metrics of what waits; to be called now and then, for a dead destination settles nothing."""
        for lane in self.lanes:
            metrics.EVENTS_PENDING.labels(self.name, lane).set(self.pending(lane))
        metrics.ROWS_ASIDE.labels(self.name).set(sum(shard.queue.parked_rows() for shard in self.shards))

    # A destination that refuses nearly everything

    def _probe(self, shard: ShardFollower) -> None:
        """Offer the first waiting row of a stopped lane. Accepted, it opens the lanes; refused, it goes on waiting."""
        batch = shard.queue.take(shard.stopped.lanes)
        if batch is None:
            return
        try:
            rows = shard.queue.read(batch)
            row = rows.slice(batch.row, batch.row + 1)
            (chunk,) = cut(self._wrapped(row, row.text(self.destination.format)), row, max_bytes=1, max_rows=1)
        except Exception:  # noqa: BLE001 - what cannot be read or encoded is dealt with once the lane is open
            return
        try:
            settled = self._delivery.offer(chunk)
        except Exception:
            log.exception("a row could not be offered", destination=self.name, shard=shard.name)
            return
        if settled is not None:
            self._commit(lambda: shard.queue.settle(batch, batch.row + 1, rows, settled))
            self._measure(batch.lane, settled)
            shard.stopped.resume()
