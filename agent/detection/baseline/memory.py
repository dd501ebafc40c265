"""What a baseline remembers of one org: frames, and the alerts that may still change.

A frame is held in memory, and stored in pieces (`memory.stored_frame`). Of most frames both are the same; of one whose
rows have much that only an alert tells, memory has the rest (`Kind.held`), and the pieces are read when an alert asks.
What a batch makes of it is in `working_frames.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson
import polars as pl

from agent.detection.baseline.open_alert import OpenAlert
from agent.detection.baseline.usual import UsualVolume, WindowName
from agent.detection.memory.frame_bytes import decoded
from agent.detection.memory.sorted_runs import SortedRuns
from agent.detection.memory.stored_frame import PieceLayout, StoredFrame, of_head
from agent.detection.memory.sum_ceilings import SumCeilings

NEVER = 2**63 - 1
"""Milliseconds after all others."""


class FrameKind(Protocol):
    """What a memory must know of the frames that it keeps."""

    @property
    def schemas(self) -> Mapping[str, pl.Schema]:
        """Of the stored rows of each frame."""
        ...

    def held(self, name: str, stored: pl.DataFrame) -> pl.DataFrame:
        """Stored rows of the frame `name` as memory has them."""
        ...

    def whole(self, name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows of the frame `name` that were stored, held or appended piece by piece, in any order, as the frame."""
        ...

    def layout(self, name: str) -> PieceLayout:
        """How the frame `name` is stored."""
        ...


@dataclass(frozen=True, slots=True)
class SoughtRows:
    """All columns of the rows of groups that alerts asked for, kept up: who alerts in one batch does so in the next."""

    keys: frozenset[int]
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Memory:
    """Immutable: a batch makes a new one, which counts from the commit on."""

    prefix: str
    """Of its keys."""
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    """As memory has them."""
    stored: Mapping[str, StoredFrame] = field(default_factory=dict)
    alerts: Mapping[str, OpenAlert] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    """Frame to the rows that it had when it was last put together, or fewer."""
    since: Mapping[str, int] = field(default_factory=dict)
    """Frame to the first slot of it; what is stored of earlier ones is no part of it any more."""
    groups: Mapping[str, int] = field(default_factory=dict)
    """Frame to how many groups it has, or more: where there are few, nobody needs to count them."""
    ceilings: Mapping[str, SumCeilings] = field(default_factory=dict)
    """Frame to how much its groups did at most, where that is known."""
    runs: Mapping[str, SortedRuns] = field(default_factory=dict)
    """Frame to the same rows in runs, where few groups of many are sought."""
    usual: Mapping[WindowName, UsualVolume | None] = field(default_factory=dict)
    """What windows are held against, as far as that was asked for."""
    sought: Mapping[str, SoughtRows] = field(default_factory=dict)
    """By frame."""
    closes: int = NEVER
    """When the first of the alerts closes, in milliseconds."""
    floor: int = 0
    """Milliseconds; what is older was settled, rows of that time that come later are not taken."""
    texts: int = 0
    """How many values the description of all this is stored in."""
    shape: str = ""
    """Of the baseline whose past this is."""
    stale: tuple[str, ...] = ()
    """What is stored of a baseline of another shape, to be deleted."""


def recalled(recall: Callable[[str], bytes | None], prefix: str, kind: FrameKind, shape: str) -> Memory:
    """The memory as `WorkingFrames.stored` had it stored under `prefix`; an empty one if that is of another shape."""
    frames = {name: kind.held(name, schema.to_frame()) for name, schema in kind.schemas.items()}
    stored = {name: StoredFrame(f"{prefix}/{name}") for name in kind.schemas}
    texts = list(_texts(recall, prefix))
    if not texts:
        return Memory(prefix, frames, stored, shape=shape)
    about = orjson.loads(b"".join(texts))
    before = {name: of_head(f"{prefix}/{name}", head) for name, head in about["frames"].items()}
    if about["shape"] != shape:
        keys = [key for frame in before.values() for key in frame.keys]
        stale = (*keys, *(f"{prefix}/about/{place}" for place in range(len(texts))))
        return Memory(prefix, frames, stored, shape=shape, stale=stale)
    since = about["since"]
    for name, frame in before.items():
        # A piece at a time: memory never has all columns of all rows.
        parts = [kind.held(name, decoded(data)) for key in frame.keys if (data := recall(key))]
        rows = pl.concat([frames[name], *parts])
        if name in since:
            rows = rows.filter(pl.col("slot") >= since[name])
        frames[name] = kind.whole(name, rows)
    alerts = {alert["id"]: OpenAlert(**alert) for alert in about["alarms"]}
    least = {name: frame.height for name, frame in frames.items()}
    return Memory(prefix, frames, {**stored, **before}, alerts, least, since, closes=first_closing(alerts),
                  floor=about["floor"], texts=len(texts), shape=shape)  # fmt: skip


def first_closing(alerts: Mapping[str, OpenAlert]) -> int:
    return min((alert.closes for alert in alerts.values()), default=NEVER)


def _texts(recall: Callable[[str], bytes | None], prefix: str) -> Iterator[bytes]:
    """The parts of the stored description, in order."""
    place = 0
    while (part := recall(f"{prefix}/about/{place}")) is not None:
        yield part
        place += 1
