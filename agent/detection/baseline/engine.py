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

import orjson
import polars as pl
import structlog

from agent import metrics
from agent.detection.baseline.baseline import Baseline, milliseconds
from agent.detection.baseline.history import PeerStatistics, peer_statistics
from agent.detection.baseline.kind import Context, Kind, Peers
from agent.detection.baseline.kinds import kind_of
from agent.detection.baseline.memory import Memory, Whole, WorkingFrames, recalled
from agent.detection.baseline.open_alert import RAISED, AlertChange, OpenAlerts
from agent.detection.baseline.rows import SCHEMA, nothing, rows
from agent.detection.memory.undo import Undo, replace_values
from agent.detection.sigma.log_source import LogSource

log = structlog.get_logger()

STALE = timedelta(days=2)
"""After so long by the clock without a batch, a source is not waited for."""

GRACE = timedelta(hours=2)
"""After a start, or after the process was held up, nothing counts as silent for so long: the sources have to be read."""

HELD_UP = timedelta(minutes=15)
"""Of two ticks so far apart the process was held up between."""

WAITING = 100_000
"""Rows kept for a source that is behind, per baseline and org; the newest are dropped when there are more."""

Source = tuple[int, int]
"""Newest event time, and the clock when something last came; milliseconds."""


@dataclass(slots=True)
class BaselineChanges:
    """What one batch changes; nothing counts before `BaselineEngine.advance`."""

    alert_changes: list[AlertChange] = field(default_factory=list)
    remember: dict[str, bytes | None] = field(default_factory=dict)
    memories: dict[tuple[str, str], Memory] = field(default_factory=dict)
    sources: dict[str, dict[str, Source]] = field(default_factory=dict)
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
        self._baselines = baselines
        self.bases = frozenset(base for baseline in baselines for base in baseline.bases)
        self._wanted = {baseline.rule.id: [sources[base] for base in baseline.bases] for baseline in baselines}
        self._recall = recall
        self._memories: dict[tuple[str, str], Memory] = {}
        self._peers: dict[tuple[str, str], dict[int, PeerStatistics | None]] = {}
        stored = orjson.loads(recall("baseline/sources") or b"{}")
        self.sources: dict[str, dict[str, Source]] = {
            org: {name: (newest, seen) for name, (newest, seen) in times.items()} for org, times in stored.items()
        }
        """By org and log source."""
        self._awake: tuple[datetime, datetime] | None = None
        self.late: dict[str, int] = {}
        """Rule id to rows that came after their time was settled, since the start."""
        self.dropped: dict[str, int] = {}
        """Rule id to rows and alerts left out because there were too many, since the start."""

    def take(
        self, found: Mapping[str, pl.DataFrame], org: str, source: LogSource, newest: int | None, now: datetime
    ) -> BaselineChanges:
        """`found`: rule id to its matched rows, prepared, with `event.id`. `newest`: newest event time of the batch, at
        most now.
        """
        changes = BaselineChanges(sources={**self.sources})
        if not self._baselines:
            return changes
        if newest is not None:
            name = orjson.dumps([source.product, source.service, source.category]).decode()
            of_org = {**changes.sources.get(org, {})}
            of_org[name] = (max(newest, of_org.get(name, (newest, 0))[0]), _clock(now))
            changes.sources[org] = of_org
            changes.remember["baseline/sources"] = orjson.dumps(changes.sources)
        for baseline in self._baselines:
            self._advance(baseline, org, rows(baseline, kind_of(baseline), found), changes, now)
        return changes

    def tick(self, now: datetime) -> BaselineChanges:
        """What only the passing of time can tell."""
        changes = BaselineChanges(sources=self.sources)
        began = self._awake_since(now)
        for baseline in self._baselines:
            if kind_of(baseline).waits and not baseline.group_by and now - began >= GRACE:
                for org, sources in self.sources.items():
                    seen = max((seen for _, seen in self._of(baseline, sources)), default=None)
                    if seen is not None and _clock(now) - seen >= milliseconds(baseline.span):
                        self._advance(baseline, org, nothing(), changes, now, quiet=True)
        return changes

    def advance(self, changes: BaselineChanges) -> Undo:
        """What `take` gave counts from now on, although it is not stored yet; returns what takes that back."""
        sources, memories = self.sources, replace_values(self._memories, changes.memories)
        self.sources = changes.sources

        def take_back() -> None:
            memories()
            self.sources = sources

        return take_back

    def count(self, changes: BaselineChanges) -> None:
        """After the batch's transaction: what it left out is told."""
        counts = (
            (self.late, changes.late, metrics.BASELINE_ROWS_LATE),
            (self.dropped, changes.dropped, metrics.BASELINE_DROPPED),
        )
        for totals, of_batch, metric in counts:
            for rule, count in of_batch.items():
                totals[rule] = totals.get(rule, 0) + count
                metric.labels(rule).inc(count)

    def _awake_since(self, now: datetime) -> datetime:
        began, last = self._awake or (now, now)
        if now - last > HELD_UP:
            began = now
        self._awake = (began, now)
        return began

    def _advance(
        self,
        baseline: Baseline,
        org: str,
        batch: pl.DataFrame,
        changes: BaselineChanges,
        now: datetime,
        *,
        quiet: bool = False,
    ) -> None:
        """Takes the rows of one org's batch into a baseline. `batch`: `rows.SCHEMA`; `quiet`: none came, the clock asks."""
        before, mark = self._mark(baseline, self.sources, org, now), self._mark(baseline, changes.sources, org, now)
        if mark is None:
            return
        memory = self._memory(baseline, org)
        if not (batch.height or quiet) and _rests(baseline, memory, before, mark):
            return
        kind = kind_of(baseline)
        frames = WorkingFrames(memory, _whole(kind))
        alerts = OpenAlerts(baseline, org, memory.alerts, before or 0, self._raised)
        taken = self._in_time(baseline, batch, memory, before or 0, changes)
        taken = self._ready(baseline, frames, taken, mark, changes)
        # Rows that would have come by now, had there been any, are older than the clock by at least the wait.
        clock = _clock(now) - milliseconds(baseline.wait) if quiet else None
        context = Context(baseline, frames, taken, mark, alerts, self._peers_of(baseline, org), clock)
        self._count(changes.dropped, baseline, kind.advance(context))
        changes.alert_changes += alerts.changes(mark)
        self._count(changes.dropped, baseline, alerts.left_out)
        after, stored = frames.stored(alerts.open, f"baseline/{baseline.rule.id}/{org}")
        changes.memories[baseline.rule.id, org] = after
        changes.remember |= stored

    def _memory(self, baseline: Baseline, org: str) -> Memory:
        key = baseline.rule.id, org
        if key not in self._memories:
            kind = kind_of(baseline)
            schemas = {**kind.schemas, "waiting": SCHEMA}
            prefix = f"baseline/{baseline.rule.id}/{org}"
            shape = orjson.dumps(baseline.shape(kind.shape_part(baseline))).decode()
            self._memories[key] = recalled(self._recall, prefix, schemas, _whole(kind), shape)
        return self._memories[key]

    def _mark(
        self, baseline: Baseline, sources: Mapping[str, Mapping[str, Source]], org: str, now: datetime
    ) -> int | None:
        """The watermark; None before anything came."""
        known = self._of(baseline, sources.get(org, {}))
        live = [(newest, seen) for newest, seen in known if seen >= _clock(now - STALE)] or known
        return min(newest for newest, _ in live) - milliseconds(baseline.wait) if live else None

    def _of(self, baseline: Baseline, sources: Mapping[str, Source]) -> list[Source]:
        """The log sources that a baseline uses, of those that anything came of."""
        wanted = self._wanted[baseline.rule.id]
        return [
            times for name, times in sources.items()
            if any(source.covers(LogSource(*orjson.loads(name))) for source in wanted)
        ]  # fmt: skip

    def _in_time(
        self, baseline: Baseline, rows: pl.DataFrame, memory: Memory, before: int, changes: BaselineChanges
    ) -> pl.DataFrame:
        """`rows` without those whose time is settled: older than the watermark of before the batch, or than the floor."""
        if not rows.height:
            return rows
        part = kind_of(baseline).late_part(baseline)
        taken = rows.filter(pl.col("time") >= max(before // part * part, memory.floor))
        self._count(changes.late, baseline, rows.height - taken.height)
        return taken

    def _ready(
        self, baseline: Baseline, frames: WorkingFrames, rows: pl.DataFrame, mark: int, changes: BaselineChanges
    ) -> pl.DataFrame:
        """`rows` without those that are ahead of a source, which are kept as `waiting`, and with those that were.

        A row is ready when the watermark is at most a wait behind it: all that it is compared with is settled then.
        """
        reached = pl.col("time") <= mark + milliseconds(baseline.wait)
        waiting = frames["waiting"]
        if waiting.height or (rows.height and not rows.select(reached.all()).item()):
            every = pl.concat([waiting, rows])
            rows, rest = every.filter(reached), every.filter(~reached).sort("mark")
            self._count(changes.dropped, baseline, max(0, rest.height - WAITING))
            frames.set("waiting", rest[:WAITING])
        return rows

    def _peers_of(self, baseline: Baseline, org: str) -> Peers:
        """What peers did before a slot does not change once it is asked for."""
        known = self._peers.setdefault((baseline.rule.id, org), {})

        def peers(slot: int, past: pl.DataFrame) -> PeerStatistics | None:
            if slot not in known:
                if len(known) > 1_000:
                    known.clear()
                known[slot] = peer_statistics(baseline, slot, past)
            return known[slot]

        return peers

    def _count(self, counts: dict[str, int], baseline: Baseline, rows: int) -> None:
        if rows:
            counts[baseline.rule.id] = counts.get(baseline.rule.id, 0) + rows
            log.warning("a baseline leaves out what is late or too much", rule=baseline.rule.title, rows=rows)


def _whole(kind: Kind) -> Whole:
    return lambda name, stored: stored if name == "waiting" else kind.whole(name, stored)


def _rests(baseline: Baseline, memory: Memory, before: int | None, mark: int) -> bool:
    """Whether a watermark that moves from `before` to `mark` settles nothing: kinds look at that once an hour at most,
    silence once in a part of its timespan.
    """
    part = kind_of(baseline).look_every(baseline)
    return before == mark or (
        before is not None
        and before // part == mark // part
        and not memory.frames["waiting"].height
        and all(alert.closes > mark for alert in memory.alerts.values())
    )


def _clock(now: datetime) -> int:
    return int(now.timestamp() * 1000)
