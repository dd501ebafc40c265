"""The times of what is committed: remarkable ones are flagged and counted, and nothing is dropped for them.

This is the last step before detection, under the commit lock: what is remarkable depends on what was committed before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

import orjson
import structlog

from agent import metrics
from agent.model import OWN_EVENT_TYPE, Batch
from agent.normalize.time_check.check import TimeBounds, check
from agent.normalize.time_check.feed_times import FeedTimes
from agent.normalize.time_check.flags import of_every_row, with_flags
from agent.normalize.time_check.usual_lag import usual_lag
from agent.pipeline.batch_writer import PreparedBatch, Settle
from agent.store import keys
from agent.store.state import State
from agent.store.transaction import Transaction

log = structlog.get_logger()

TIME_FIELD = "@timestamp"
Feed = tuple[str, str]
"""A source's name and an event type."""


@dataclass(frozen=True, slots=True)
class FeedRecord:
    """Of one feed; its key is `keys.EVENT_TIMES`."""

    times: FeedTimes = field(default_factory=FeedTimes)
    rows: Mapping[str, int] = field(default_factory=dict)
    """By flag: how many rows had it since the beginning."""

    def encode(self) -> bytes:
        return orjson.dumps({"times": asdict(self.times), "rows": dict(self.rows)})

    @classmethod
    def decode(cls, data: bytes) -> FeedRecord:
        stored = orjson.loads(data)
        return cls(FeedTimes(**stored["times"]), stored["rows"])


class EventTimes:
    """The feeds of one shard. Every method is called under the commit lock."""

    def __init__(self, state: State, intervals: Mapping[str, timedelta]) -> None:
        """`intervals`: by a source's name, how often it is asked."""
        self._state = state
        self._intervals = intervals
        self._records: dict[Feed, FeedRecord] | None = None
        """What is committed; None until the first batch asks."""
        self._pending: dict[Feed, FeedRecord] = {}
        self._counts: Counter[tuple[str, str]] = Counter()
        """By source and flag, of the group that is under way."""

    def take(self, ready: PreparedBatch, now: datetime) -> PreparedBatch:
        """The batch with its remarkable rows flagged; its times count as known until `take_back`."""
        batch, height = ready.batch, ready.shaped.height if TIME_FIELD in ready.shaped.columns else 0
        if batch.event_type == OWN_EVENT_TYPE or not (height or batch.duplicates):
            return ready
        if batch.history is not None:  # says nothing of how its feed is now
            return _of_history(ready, now) if height else ready
        feed = ready.source, batch.event_type
        record, rows = self._record(feed), Counter[str]()
        times = record.times
        if height:
            bounds = self._bounds(ready.source, batch, now)
            found, times = check(ready.shaped[TIME_FIELD], times, bounds)
            found |= of_every_row(batch.time_flags, height)
            if found:
                ready = replace(ready, shaped=with_flags(ready.shaped, found, bounds.seen))
                rows.update({flag: int(mask.sum()) for flag, mask in found.items()})
        if batch.duplicates:
            rows["duplicate"] += batch.duplicates
        counted = Counter(record.rows) + rows if rows else record.rows
        self._pending[feed] = FeedRecord(times, counted)
        self._counts.update({(ready.source, flag): count for flag, count in rows.items()})
        return ready

    def settling(self, settle: Settle | None) -> Settle | None:
        """What commits with the group: `settle`, and what is known of its feeds."""
        if not self._pending:
            return settle
        pending = dict(self._pending)

        def settle_all(transaction: Transaction) -> None:
            for feed, record in pending.items():
                transaction.set(keys.EVENT_TIMES.key(*feed), record.encode())
            if settle is not None:
                settle(transaction)

        return settle_all

    def commit(self) -> None:
        """The group is stored."""
        if not self._pending:
            return
        before = self._loaded()
        for feed, record in self._pending.items():
            _tell(feed, before.get(feed, FeedRecord()), record)
        for (source, flag), rows in self._counts.items():
            metrics.EVENT_TIMES_FLAGGED.labels(source, flag).inc(rows)
        before |= self._pending
        self.take_back()

    def take_back(self) -> None:
        """It is not: nothing of it is known."""
        self._pending = {}
        self._counts.clear()

    # Within

    def _loaded(self) -> dict[Feed, FeedRecord]:
        if self._records is None:
            self._records = stored_records(self._state)
        return self._records

    def _record(self, feed: Feed) -> FeedRecord:
        found = self._pending.get(feed)
        return found if found is not None else self._loaded().get(feed, FeedRecord())

    def _bounds(self, source: str, batch: Batch, now: datetime) -> TimeBounds:
        known = [record.times.since for (name, _), record in self._loaded().items() if name == source]
        moment = _milliseconds(now)
        # A clock that was far ahead at the beginning must not make history of all that comes until then.
        since = min([moment, *(since for since in known if since is not None)])
        allowed = batch.usual_lag if batch.usual_lag is not None else usual_lag(batch.source)
        allowed += self._intervals.get(source, timedelta())
        seen = _milliseconds(batch.created) if batch.created is not None else moment
        return TimeBounds(moment, seen, since, int(allowed.total_seconds() * 1000))


def _of_history(ready: PreparedBatch, now: datetime) -> PreparedBatch:
    """A backfill's batch: every row says so, and what is remarkable about the times of live rows is not looked for."""
    found = of_every_row(("history",), ready.shaped.height)
    return replace(ready, shaped=with_flags(ready.shaped, found, _milliseconds(ready.batch.created or now)))


def stored_records(state: State) -> dict[Feed, FeedRecord]:
    """What a shard's state says of its feeds."""
    found: dict[Feed, FeedRecord] = {}
    for key in state.keys(keys.EVENT_TIMES.prefix):
        source, event_type = keys.EVENT_TIMES.rest(key).rsplit("/", 1)
        found[source, event_type] = FeedRecord.decode(state.data(key) or b"")
    return found


def _tell(feed: Feed, before: FeedRecord, after: FeedRecord) -> None:
    """Log what is remarkable: at the first row of a kind and whenever their number has doubled."""
    told = {
        flag: rows
        for flag, rows in after.rows.items()
        if flag != "duplicate" and rows.bit_length() > before.rows.get(flag, 0).bit_length()
    }
    if told:
        log.info("event times are remarkable", source=feed[0], event_type=feed[1], rows=told)


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
