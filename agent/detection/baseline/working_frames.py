"""What a batch makes of the frames that a baseline remembers.

What is appended to a frame is put together with what it has when both are twice of it, so that a batch costs about as
much as it brought; stored rows are written anew when they are twice of what the frame has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import orjson
import polars as pl

from agent.detection.baseline.memory import FrameKind, Memory, SoughtRows, first_closing
from agent.detection.baseline.open_alert import OpenAlert
from agent.detection.memory.frame_bytes import compact
from agent.detection.memory.key_parts import key_parts
from agent.detection.memory.sorted_runs import SortedRuns
from agent.detection.memory.stored_frame import BYTES, FramePiece, PieceLayout, PieceWriter, StoredFrame

SPARE = 10_000
"""Rows that a frame may have, or store, beyond twice of what it needs."""

SOUGHT = 10_000
"""Rows with all their columns, of a frame, in memory: about 3 MB. When there are more, only those asked for last stay."""


class WorkingFrames:
    """A working copy: what a batch makes of the frames."""

    def __init__(self, memory: Memory, kind: FrameKind, writer: PieceWriter) -> None:
        self._memory = memory
        self._kind = kind
        self._writer = writer
        self._least = dict(memory.least)
        self._since = dict(memory.since)
        self._now: dict[str, pl.DataFrame] = {}
        self._added: dict[str, list[pl.DataFrame]] = {}
        self._anew: dict[str, pl.DataFrame] = {}
        """Frames of which everything is to be stored anew."""
        self._sought = dict(memory.sought)
        self.groups = dict(memory.groups)
        self.ceilings = dict(memory.ceilings)
        self.usual = memory.usual
        self._runs = dict(memory.runs)
        self.floor = memory.floor

    def __getitem__(self, name: str) -> pl.DataFrame:
        """The frame as the batch has made it so far, as memory has it."""
        return self._now[name] if name in self._now else self._memory.frames[name]

    def rows_of(self, name: str, keys: pl.Series) -> pl.DataFrame:
        """All columns of the rows of some groups (`keys`: UInt64), as stored pieces and this batch have them."""
        wanted, empty = frozenset(keys.to_list()), self._kind.schemas[name].to_frame()
        sought = self._sought.get(name) or SoughtRows(frozenset(), empty)
        if not wanted <= sought.keys:
            missing = _of(wanted - sought.keys)
            parts = (compact(part.filter(missing)) for part in self._parts(name))
            sought = SoughtRows(sought.keys | wanted, pl.concat([sought.rows, *parts]))
        if sought.rows.height > SOUGHT:
            sought = SoughtRows(wanted, self._kind.whole(name, sought.rows.filter(_of(wanted))))
        self._sought[name] = sought
        rows = sought.rows.filter(_of(wanted))
        if name in self._since:
            rows = rows.filter(pl.col("slot") >= self._since[name])
        return self._kind.whole(name, rows)

    def _parts(self, name: str) -> Iterator[pl.DataFrame]:
        """What was stored of a frame and what this batch adds, one piece in memory at a time."""
        stored = self._memory.stored[name]
        for piece in stored.pieces:
            yield from self._writer.read(stored, [piece])
        yield from self._added.get(name, ())

    def grow(self, name: str, whole: pl.DataFrame, added: pl.DataFrame) -> None:
        """`whole`: the frame from now on; `added`: rows that, read with the stored ones, give it back."""
        self._now[name] = whole
        self._store(name, added)

    def sorted_runs(self, name: str) -> SortedRuns:
        """The frame in runs, which is to grow by `grow_runs` only."""
        if name not in self._runs:
            self._put_runs(name, SortedRuns().adding(self[name]))
        return self._runs[name]

    def grow_runs(self, name: str, runs: SortedRuns, added: pl.DataFrame) -> None:
        """As `grow`; `runs`: the frame from now on."""
        self._put_runs(name, runs)
        self._store(name, added)

    def _put_runs(self, name: str, runs: SortedRuns) -> None:
        self._runs[name] = runs
        self._now[name] = runs.frame(self._kind.schemas[name])

    def append(self, name: str, added: pl.DataFrame) -> None:
        """Rows that stand beside the others, with which `whole` would make fewer of them."""
        self._now[name] = grown = pl.concat([self[name], self._kind.held(name, added)])
        # Putting n rows together costs n: done when there are twice as many as needed, each row pays for a fixed part of it.
        if grown.height > 2 * self._least.get(name, 0) + SPARE:
            self.put_together(name)
        self._store(name, added)
        sought = self._sought.get(name)
        if sought and not sought.keys.isdisjoint(added["key"].to_list()):
            rows = pl.concat([sought.rows, compact(added.filter(_of(sought.keys)))])
            self._sought[name] = SoughtRows(sought.keys, rows)

    def put_together(self, name: str) -> pl.DataFrame:
        """The frame, after what was appended to it was made one with the rest."""
        rows = self[name]
        parts = [self._kind.whole(name, rows.filter(groups)) for groups in key_parts(rows.height)]
        self._now[name] = whole = pl.concat(parts, rechunk=True)
        self._least[name] = whole.height
        return whole

    def set(self, name: str, whole: pl.DataFrame) -> None:
        """To be stored anew."""
        self._put(name, whole)
        self._anew[name] = whole

    def forget(self, name: str, whole: pl.DataFrame) -> None:
        """`whole` lacks what will be sorted out again when it is read back: nothing needs to be stored for that."""
        self._put(name, whole)
        self._added.setdefault(name, [])

    def forget_slots(self, name: str, since: int) -> None:
        """Those before `since`, for good; pieces that have no others go."""
        if name in self._runs:
            self._put_runs(name, self._runs[name].since(since))
            self.forget(name, self[name])
        else:
            self.forget(name, self[name].filter(pl.col("slot") >= since))
        self._since[name] = since

    def leave_out(self, name: str, keys: pl.Series) -> None:
        """Some groups (`keys`: UInt64), for good: what is left is stored anew."""
        kept = ~pl.col("key").is_in(keys.implode())
        self._put(name, self[name].filter(kept))
        self._sought.pop(name, None)
        self._anew[name] = pl.concat([part.filter(kept) for part in self._parts(name)])

    def _put(self, name: str, whole: pl.DataFrame) -> None:
        """`whole`: the frame from now on, which may be smaller than what was last put together."""
        self._now[name] = whole
        self._least[name] = min(whole.height, self._least.get(name, 0))

    def _store(self, name: str, added: pl.DataFrame) -> None:
        """Rows of a frame that the transaction stores beside the older ones."""
        if name in self._anew:
            self._anew[name] = pl.concat([self._anew[name], added])
        else:
            self._added.setdefault(name, []).append(added)

    def stored(self, alerts: Mapping[str, OpenAlert]) -> Memory:
        """The memory of after the batch; what to store so that `recalled` gives it back is with the writer."""
        memory, changes = self._memory, self._writer.changes
        changes |= dict.fromkeys(memory.stale)
        touched = {*self._added, *self._anew}
        same = (not (memory.stale or touched or self._since != memory.since) and alerts == memory.alerts
                and self.floor == memory.floor)  # fmt: skip
        stored = {**memory.stored, **{name: self._stored(name) for name in sorted(touched)}}
        memory = replace(
            memory,
            frames={**memory.frames, **self._now},
            stored=stored,
            alerts=alerts,
            least=self._least,
            since=self._since,
            groups=self.groups,
            ceilings=self.ceilings,
            runs=self._runs,
            usual=self.usual,
            sought=self._sought,
            closes=first_closing(alerts),
            floor=self.floor,
            stale=(),
        )
        if same:
            return memory
        about = {"shape": memory.shape, "floor": self.floor, "since": self._since,
                 "frames": {name: frame.head() for name, frame in stored.items() if frame.following > 1},
                 "alarms": [alert.document() for alert in alerts.values()]}  # fmt: skip
        text = orjson.dumps(about)
        slices = [text[at : at + BYTES] for at in range(0, len(text), BYTES)]
        changes |= {f"{memory.prefix}/about/{place}": part for place, part in enumerate(slices)}
        changes |= {f"{memory.prefix}/about/{place}": None for place in range(len(slices), memory.texts)}
        return replace(memory, texts=len(slices))

    def _stored(self, name: str) -> StoredFrame:
        """The pieces of a frame from now on."""
        frame, layout, writer = self._memory.stored[name], self._kind.layout(name), self._writer
        if name in self._anew:
            return writer.replaced(frame, frame.pieces, self._anew[name], layout)
        if name in self._since:
            frame = writer.without(frame, [piece for piece in frame.pieces if piece.newest < self._since[name]])
        for part in self._added.get(name, ()):
            frame = writer.add(frame, part, layout)
        if frame.rows <= 2 * self[name].height + SPARE:
            return frame
        if self[name].columns == self._kind.schemas[name].names():
            return writer.replaced(frame, frame.pieces, self[name], layout)
        # Not all of it at once, which would be a second copy of what memory has no room for.
        pieces = _most_repeated(frame, self[name], layout)
        return writer.remade(frame, pieces, layout) if pieces else frame


def _most_repeated(frame: StoredFrame, held: pl.DataFrame, layout: PieceLayout) -> list[FramePiece]:
    """The pieces of the bucket that has the most rows beyond half as many again as `held` has there; none if none has."""
    needed = dict(held.group_by(pl.col(layout.time) // layout.width).len().iter_rows())
    buckets: dict[int, list[FramePiece]] = {}
    for piece in frame.pieces:
        buckets.setdefault(layout.bucket(piece.oldest), []).append(piece)
    beyond = {
        bucket: sum(piece.rows for piece in pieces) - 1.5 * needed.get(bucket, 0) for bucket, pieces in buckets.items()
    }
    worst = max(beyond, key=lambda bucket: beyond[bucket], default=None)
    return buckets[worst] if worst is not None and beyond[worst] > 0 else []


def _of(keys: Iterable[int]) -> pl.Expr:
    """Whether a row is of one of these groups."""
    return pl.col("key").is_in(pl.Series([*keys], dtype=pl.UInt64).implode())
