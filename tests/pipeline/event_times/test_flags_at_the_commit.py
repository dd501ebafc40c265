"""Times of events at the commit: flagged and counted with their batch or not at all, and never a reason to drop a row."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import polars as pl

from agent import metrics
from agent.batch_steps import BatchSteps
from agent.columns.timestamp import TIME
from agent.model import Batch
from agent.normalize.time_check.flags import FLAGS
from agent.pipeline.event_times import stored_records
from agent.pipeline.ingest import Ingest
from tests.pipeline.fakes import NOW, Clock, ListSource, Loops, NoDetection, batch_of, ids_of, plain_steps
from tests.pipeline.test_commit_group import Kill

FEED = "acme/list", "Thing"
LATE = timedelta(hours=2)
"""Before now: later than what a service brings that nobody knows (an hour)."""


def batch(cursor: int, *times: datetime | None, **other: object) -> Batch:
    made = batch_of(cursor, ids_of(cursor * 100, cursor * 100 + len(times)))
    frame = made.frame.with_columns(pl.Series("@timestamp", times, dtype=TIME))
    return replace(made, frame=frame, **other)  # type: ignore[arg-type]


def take(loops: Loops, *batches: Batch, ingest: Ingest | None = None, clock: Clock | None = None) -> None:
    (ingest or loops.ingest(now=clock or Clock())).read(ListSource(list(batches)))


def stored(loops: Loops) -> list[list[str] | None]:
    """The flags of all rows that were committed."""
    spool, last = loops.spool, loops.spool.end("events").sequence
    entries = [spool.entry("events", sequence) for sequence in range(last)]
    return [row for entry in entries if entry is not None for row in spool.read(entry).cells("leakline.time.flags")]


def counted(flag: str) -> float:
    labels = {"source": FEED[0], "flag": flag}
    return metrics.REGISTRY.get_sample_value("leakline_event_times_flagged_total", labels) or 0.0


def test_remarkable_rows_are_flagged_counted_and_kept(loops: Loops) -> None:
    """In the rows, in the metric, and in the state by flag; good rows have no such field."""
    before = {flag: counted(flag) for flag in FLAGS if flag not in ("reissued", "gap", "history")}
    clock = Clock(NOW - timedelta(days=1))
    ingest = loops.ingest(now=clock)
    take(loops, batch(1, clock.now), ingest=ingest)
    clock.now = NOW
    take(loops, batch(2, NOW, NOW - LATE, None, NOW + LATE, duplicates=3), ingest=ingest)
    assert stored(loops) == [None, None, ["late", "out_of_order"], ["unparsable"], ["future"]]
    rows = stored_records(loops.state)[FEED].rows
    assert rows == {"late": 1, "out_of_order": 1, "unparsable": 1, "future": 1, "duplicate": 3}
    assert {flag: counted(flag) - number for flag, number in before.items()} == rows


def test_history_is_not_late(loops: Loops) -> None:
    """What was there before the first start; a restart does not begin anew, and what came meanwhile is late."""
    clock = Clock()
    take(loops, batch(1, NOW - 9 * LATE, NOW - 40 * LATE), clock=clock)
    clock.now += timedelta(days=1)
    loops = loops.restarted()
    take(loops, batch(2, NOW - LATE, NOW + LATE, clock.now), clock=clock)
    assert stored(loops) == [None, None, None, ["late"], None]


def test_a_source_says_what_is_usual_and_its_interval_counts(loops: Loops) -> None:
    """Two hours are not late for rows that may be three hours old, nor for a source that is asked every hour."""
    clock = Clock(NOW - timedelta(days=1))
    take(loops, batch(1, clock.now), clock=clock)
    old = NOW - LATE
    take(loops, batch(2, old, usual_lag=timedelta(hours=3)), clock=Clock())
    hourly = Ingest(
        loops.stores, plain_steps(), now=Clock(), stop=loops.stop, intervals={"acme/list": timedelta(hours=1)}
    )
    take(loops, batch(3, old), ingest=hourly)
    take(loops, batch(4, old, created=old), clock=Clock())
    assert stored(loops) == [None] * 4
    take(loops, batch(5, old), clock=Clock())
    assert stored(loops)[4:] == [["late"]]


def test_a_source_may_know_a_flag_of_all_its_rows(loops: Loops) -> None:
    """Rows that are new in an input that was read before, say."""
    take(loops, batch(1, NOW, None, time_flags=("reissued",)))
    assert stored(loops) == [["reissued"], ["unparsable", "reissued"]]
    assert stored_records(loops.state)[FEED].rows == {"reissued": 2, "unparsable": 1}


@dataclass
class BrokenDetection:
    """Steps that are killed at the detection with this number, from 0."""

    kill_at: int
    seen: list[str] = field(default_factory=list)

    def steps(self) -> BatchSteps:
        def detect(batch: Batch, prepared: pl.DataFrame, matches: object, now: datetime) -> NoDetection:
            self.seen.append(batch.event_type)
            if len(self.seen) == self.kill_at + 1:
                raise Kill
            return NoDetection()

        return replace(plain_steps(), detect=detect)


def test_what_is_not_committed_is_not_known(loops: Loops) -> None:
    """A group that breaks is flagged and counted once, when it is taken again, as if nothing had happened."""
    batches = [batch(1, NOW - timedelta(minutes=9)), batch(2, None, NOW), batch(3, NOW - LATE, None)]
    before = counted("unparsable")
    ingest = loops.ingest(BrokenDetection(2).steps(), now=Clock())
    with suppress(Kill):
        take(loops, *batches, ingest=ingest)
    take(loops, *batches, ingest=ingest)
    assert stored(loops) == [None, ["unparsable"], None, None, ["unparsable"]]
    assert stored_records(loops.state)[FEED].rows == {"unparsable": 2}
    assert counted("unparsable") - before == 2


def test_own_events_have_no_feed(loops: Loops) -> None:
    """Their time is when they were made."""
    loops.problems.report("source-failed", "acme/list", "no answer")
    assert loops.event_actions()
    assert stored_records(loops.state) == {}
