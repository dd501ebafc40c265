"""Baselines over what the rules matched: each kind's own arithmetic, one way of remembering and telling.

The watermark of a baseline is the newest event time of each log source that it uses, at most now, less its `wait`; the
oldest of them counts. A source of which nothing came for two days of the clock does not hold the others up. What rows
are compared with is older than they are by a `wait`, and so settled when they are looked at; rows of a source that is
ahead of another one are kept until the other is there. Rows that come after their time was settled are counted and
left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl
import structlog

from agent import metrics
from agent.detection.baseline.baseline import Baseline, milliseconds
from agent.detection.baseline.history import peer_statistics
from agent.detection.baseline.kind import Context, Peers
from agent.detection.baseline.memory import Memory, recalled
from agent.detection.baseline.open_alert import RAISED, AlertChange, OpenAlerts
from agent.detection.baseline.rows import BatchRows, nothing, texts_by_base
from agent.detection.baseline.usual import PastNumbers
from agent.detection.baseline.watched import BatchMarks, WatchedBaseline, clock
from agent.detection.baseline.working_frames import WorkingFrames
from agent.detection.memory import source_times
from agent.detection.memory.frame_bytes import compact
from agent.detection.memory.piece_cache import EncodedPieces
from agent.detection.memory.source_times import SourceTimes
from agent.detection.memory.stored_frame import PieceWriter
from agent.detection.memory.undo import Undo, replace_values
from agent.detection.sigma.log_source import LogSource

log = structlog.get_logger()

GRACE = timedelta(hours=2)
"""After a start, or after the process was held up, nothing counts as silent for so long: the sources have to be read."""

HELD_UP = timedelta(minutes=15)
"""Of two ticks so far apart the process was held up between."""

WAITING = 100_000
"""Rows kept for a source that is behind, per baseline and org; the newest are dropped when there are more."""

SLOTS = 1_000
"""Slots, per baseline and org, whose peers are known: about six weeks of hours, longer than files are late."""

ROOM = 8 << 20
"""Bytes of stored pieces in memory: those of the last hours, which are made one or tell of an alert."""


@dataclass(slots=True)
class BaselineChanges:
    """What one batch changes; nothing counts before `BaselineEngine.advance`."""

    times: SourceTimes
    alert_changes: list[AlertChange] = field(default_factory=list)
    remember: dict[str, bytes | None] = field(default_factory=dict)
    memories: dict[tuple[str, str], Memory] = field(default_factory=dict)
    pieces: dict[str, bytes | None] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    """Rule id to rows, or alerts, that were too many."""


class BaselineEngine:
    """All baselines of a rule set."""

    def __init__(
        self,
        baselines: Sequence[Baseline],
        sources: Mapping[str, LogSource],
        recall: Callable[[str], bytes | None],
        raised: int | None = RAISED,
    ) -> None:
        """`sources`: rule id to log source; `raised`: how many alerts of one baseline a batch may raise."""
        self._raised = raised
        self._watched = [WatchedBaseline.of(baseline, sources) for baseline in baselines]
        self.bases = frozenset(base for baseline in baselines for base in baseline.bases)
        self._texts = texts_by_base(baselines)
        self._recall = recall
        self._cache = EncodedPieces(recall, ROOM)
        self._memories: dict[tuple[str, str], Memory] = {}
        self._peers: dict[tuple[str, str], dict[int, PastNumbers | None]] = {}
        self.times = source_times.recalled(recall)
        """How far the log sources are."""
        self._awake: tuple[datetime, datetime] | None = None
        self.late: dict[str, int] = {}
        """Rule id to rows that came after their time was settled, since the start."""
        self.dropped: dict[str, int] = {}
        """Rule id to rows and alerts left out because there were too many, since the start."""

    def take(
        self,
        found: Mapping[str, pl.DataFrame],
        org: str,
        times: SourceTimes,
        now: datetime,
        instead: Mapping[str, Mapping[str, pl.DataFrame]] | None = None,
    ) -> BaselineChanges:
        """`found`: rule id to its matched rows, prepared, with `event.id`. `times`: how far the sources are with this
        batch. `instead`: id of a baseline to what its bases matched, where it is not to see all that was `found`.
        """
        changes = BaselineChanges(times)
        if times is not self.times:
            changes.remember[source_times.KEY] = times.stored()
        batch, marks = BatchRows(found, self._texts), BatchMarks(self.times, times, org, now)
        for watched in self._watched:
            before, mark = marks.of(watched)
            if mark is None:
                continue
            memory = self._memory(watched, org)
            less = (instead or {}).get(watched.baseline.rule.id)
            seen = batch if less is None else BatchRows({**found, **less}, self._texts)
            rows = seen.rows(watched.baseline, watched.kind) if not watched.bases.isdisjoint(found) else nothing()
            if rows.height or not watched.rests(memory, before, mark):
                self._advance(watched, org, rows, (before, mark), changes, None)
        return changes

    def tick(self, now: datetime) -> BaselineChanges:
        """What only the passing of time can tell."""
        changes = BaselineChanges(self.times)
        began = self._awake_since(now)
        for watched in self._watched:
            if watched.kind.waits and not watched.baseline.group_by and now - began >= GRACE:
                for org in self.times.by_org:
                    seen = [time.seen for source, time in self.times.of(org).items() if watched.uses(source)]
                    if seen and clock(now) - max(seen) >= milliseconds(watched.baseline.span):
                        mark = BatchMarks(self.times, self.times, org, now).of(watched)
                        self._advance(watched, org, nothing(), mark, changes, clock(now))
        return changes

    def settle(self, org: str, ends: datetime, now: datetime) -> BaselineChanges:
        """Everything of an org up to `ends` was read: what waits for a log source that is behind waits no more."""
        times = self.times
        for source in times.of(org):
            times = times.noting(org, source, clock(ends), clock(now))
        return self.take({}, org, times, now)

    def advance(self, changes: BaselineChanges) -> Undo:
        """What `take` gave counts from now on, although it is not stored yet; returns what takes that back."""
        times, pieces = self.times, self._cache.held(changes.pieces)
        late = {rule: self.late.get(rule, 0) + count for rule, count in changes.late.items()}
        dropped = {rule: self.dropped.get(rule, 0) + count for rule, count in changes.dropped.items()}
        replaced = (
            replace_values(self._memories, changes.memories),
            replace_values(self.late, late),
            replace_values(self.dropped, dropped),
        )
        self._cache.commit(changes.pieces)
        self.times = changes.times

        def take_back() -> None:
            for part in replaced:
                part()
            self._cache.commit(pieces)
            self.times = times

        return take_back

    def count(self, changes: BaselineChanges) -> None:
        """After the batch's transaction: what it left out is told."""
        for of_batch, metric in (
            (changes.late, metrics.BASELINE_ROWS_LATE),
            (changes.dropped, metrics.BASELINE_DROPPED),
        ):
            for rule, rows in of_batch.items():
                metric.labels(rule).inc(rows)

    def _awake_since(self, now: datetime) -> datetime:
        began, last = self._awake or (now, now)
        if now - last > HELD_UP:
            began = now
        self._awake = (began, now)
        return began

    def _advance(
        self,
        watched: WatchedBaseline,
        org: str,
        batch: pl.DataFrame,
        marks: tuple[int | None, int | None],
        changes: BaselineChanges,
        quiet: int | None,
    ) -> None:
        """Takes the rows of one org's batch into a baseline.

        `batch`: `rows.SCHEMA`; `marks`: the watermarks of before and of now; `quiet`: the clock, in milliseconds, if
        none came and it is the clock that asks.
        """
        before, mark = marks
        if mark is None:
            return
        baseline, memory = watched.baseline, self._memory(watched, org)
        writer = PieceWriter(self._cache, changes.pieces, changes.remember)
        frames = WorkingFrames(memory, watched, writer)
        alerts = OpenAlerts(baseline, org, memory.alerts, before or 0, self._raised)
        taken = self._in_time(watched, batch, memory, before or 0, changes)
        taken = self._ready(baseline, frames, taken, mark, changes)
        # Rows that would have come by now, had there been any, are older than the clock by at least the wait.
        latest = quiet - milliseconds(baseline.wait) if quiet is not None else None
        context = Context(baseline, frames, taken, mark, alerts, self._peers_of(baseline, org), latest)
        self._count(changes.dropped, baseline, watched.kind.advance(context))
        changes.alert_changes += alerts.changes(mark)
        self._count(changes.dropped, baseline, alerts.left_out)
        changes.memories[baseline.rule.id, org] = frames.stored(alerts.open)

    def _memory(self, watched: WatchedBaseline, org: str) -> Memory:
        key = watched.baseline.rule.id, org
        if key not in self._memories:
            prefix = f"baseline/{watched.baseline.rule.id}/{org}"
            self._memories[key] = recalled(self._recall, prefix, watched, watched.shape)
        return self._memories[key]

    def _in_time(
        self, watched: WatchedBaseline, rows: pl.DataFrame, memory: Memory, before: int, changes: BaselineChanges
    ) -> pl.DataFrame:
        """`rows` without those whose time is settled: older than the watermark of before the batch, or than the floor."""
        settled = max(before // watched.late_part * watched.late_part, memory.floor)
        if not rows.height or int(rows["time"].min()) >= settled:  # type: ignore[arg-type]
            return rows
        taken = rows.filter(pl.col("time") >= settled)
        self._count(changes.late, watched.baseline, rows.height - taken.height)
        return taken

    def _ready(
        self, baseline: Baseline, frames: WorkingFrames, rows: pl.DataFrame, mark: int, changes: BaselineChanges
    ) -> pl.DataFrame:
        """`rows` without those that are ahead of a source, which are kept as `waiting`, and with those that were.

        A row is ready when the watermark is at most a wait behind it: all that it is compared with is settled then.
        """
        ready = mark + milliseconds(baseline.wait)
        waiting = frames["waiting"]
        if waiting.height or (rows.height and int(rows["time"].max()) > ready):  # type: ignore[arg-type]
            reached = pl.col("time") <= ready
            every = pl.concat([waiting, rows])
            rows, rest = every.filter(reached), every.filter(~reached).sort("mark")
            self._count(changes.dropped, baseline, max(0, rest.height - WAITING))
            frames.set("waiting", compact(rest[:WAITING]))
        return rows

    def _peers_of(self, baseline: Baseline, org: str) -> Peers:
        """What peers did before a slot does not change once it is asked for."""
        known = self._peers.setdefault((baseline.rule.id, org), {})

        def peers(slot: int, past: Callable[[], pl.DataFrame]) -> PastNumbers | None:
            if slot not in known:
                if len(known) > SLOTS:
                    known.clear()
                known[slot] = peer_statistics(baseline, slot, past())
            return known[slot]

        return peers

    def _count(self, counts: dict[str, int], baseline: Baseline, rows: int) -> None:
        if rows:
            counts[baseline.rule.id] = counts.get(baseline.rule.id, 0) + rows
            log.warning("a baseline left out rows that are late or too many", rule=baseline.rule.title, rows=rows)
