"""A baseline as the engine meets it batch after batch: what follows from its document, reckoned once; and watermarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson
import polars as pl

from agent.detection.baseline.baseline import Baseline, milliseconds
from agent.detection.baseline.kind import Kind
from agent.detection.baseline.kinds import kind_of
from agent.detection.baseline.memory import Memory
from agent.detection.baseline.rows import SCHEMA
from agent.detection.memory.source_times import SourceTime, SourceTimes, watermark
from agent.detection.memory.stored_frame import PieceLayout
from agent.detection.sigma.log_source import LogSource

STALE = timedelta(days=2)
"""After so long by the clock without a batch, a source is not waited for."""

WAITING = "waiting"
"""The frame, beside those of the kind, of rows that are ahead of a source (`rows.SCHEMA`)."""


def clock(now: datetime) -> int:
    """In milliseconds."""
    return int(now.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class WatchedBaseline:
    """Of one baseline, whatever the org. As a `memory.FrameKind` it has the frames of its kind, and `WAITING`."""

    baseline: Baseline
    kind: Kind
    bases: frozenset[str]
    sources: frozenset[LogSource]
    """Of its bases."""
    wait: int
    """Milliseconds, as all below."""
    late_part: int
    look_every: int
    shape: str
    """What its memory depends on."""
    schemas: Mapping[str, pl.Schema]
    layouts: Mapping[str, PieceLayout]
    waits_for: tuple[frozenset[LogSource], int] = field(repr=False)
    """What its watermark depends on."""

    @classmethod
    def of(cls, baseline: Baseline, sources: Mapping[str, LogSource]) -> WatchedBaseline:
        """`sources`: rule id to log source."""
        kind, wait = kind_of(baseline), milliseconds(baseline.wait)
        wanted = frozenset(sources[base] for base in baseline.bases)
        return cls(
            baseline,
            kind,
            frozenset(baseline.bases),
            wanted,
            wait,
            kind.late_part(baseline),
            kind.look_every(baseline),
            orjson.dumps(baseline.shape(kind.shape_part(baseline))).decode(),
            {**kind.schemas, WAITING: SCHEMA},
            {WAITING: PieceLayout(), **{name: kind.layout(baseline, name) for name in kind.schemas}},
            (wanted, wait),
        )

    def uses(self, source: LogSource) -> bool:
        """Whether rows of this log source matter to it."""
        return any(wanted.covers(source) for wanted in self.sources)

    def rests(self, memory: Memory, before: int | None, mark: int) -> bool:
        """Whether a watermark that moves from `before` to `mark` settles nothing: kinds look at that once an hour at
        most, silence once in a part of its timespan.
        """
        return before == mark or (
            before is not None
            and before // self.look_every == mark // self.look_every
            and not memory.frames[WAITING].height
            and memory.closes > mark
        )

    def held(self, name: str, stored: pl.DataFrame) -> pl.DataFrame:
        return stored if name == WAITING else self.kind.held(name, stored)

    def whole(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        return rows if name == WAITING else self.kind.whole(name, rows)

    def layout(self, name: str) -> PieceLayout:
        return self.layouts[name]


class BatchMarks:
    """The watermarks of one org before and with a batch: baselines of the same sources and wait have the same."""

    def __init__(self, before: SourceTimes, times: SourceTimes, org: str, now: datetime) -> None:
        self._times = before.of(org), times.of(org)
        self._oldest = clock(now - STALE)
        self._known: dict[object, tuple[int | None, int | None]] = {}

    def of(self, watched: WatchedBaseline) -> tuple[int | None, int | None]:
        """Before the batch, and with it; None before anything came."""
        if watched.waits_for not in self._known:
            before, now = self._times
            self._known[watched.waits_for] = self._mark(watched, before), self._mark(watched, now)
        return self._known[watched.waits_for]

    def _mark(self, watched: WatchedBaseline, times: Mapping[LogSource, SourceTime]) -> int | None:
        used = {source: time for source, time in times.items() if watched.uses(source)}
        live = {source: time for source, time in used.items() if time.seen >= self._oldest}
        return watermark(live or used, lambda _: watched.wait)
