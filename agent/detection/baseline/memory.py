"""What a baseline remembers of one org: frames, stored as they grow, and the alerts that may still change.

What is new in a frame is stored as a piece beside the older ones; when there are many, or they hold twice of what the
frame has, all of it is stored anew. So a batch writes about as much as it brought. What is appended to a frame is put
together with what it has when both are twice of it, so that a batch also costs about as much as it brought.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import orjson
import polars as pl

from agent.detection.baseline.open_alert import OpenAlert

PIECES = 256
BYTES = 800_000
"""Of a stored value at most; the state takes a megabyte."""

SPARE = 10_000
"""Rows that a frame may have, or store, beyond twice of what it needs."""

Whole = Callable[[str, pl.DataFrame], pl.DataFrame]
"""A frame's name and rows as they were stored or appended, in that order, to the frame."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Immutable: a batch makes a new one, which counts from the commit on."""

    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    pieces: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Frame to number and rows of each stored piece."""
    alerts: Mapping[str, OpenAlert] = field(default_factory=dict)
    least: Mapping[str, int] = field(default_factory=dict)
    """Frame to the rows that it had when it was last put together, or fewer."""
    since: Mapping[str, int] = field(default_factory=dict)
    """Frame to the first slot of it; what is stored of earlier ones is no part of it any more."""
    floor: int = 0
    """Milliseconds; what is older was settled, rows of that time that come later are not taken."""
    texts: int = 0
    """How many values the description of all this is stored in."""
    shape: str = ""
    """Of the baseline whose past this is."""
    stale: tuple[str, ...] = ()
    """What is stored of a baseline of another shape, to be deleted."""


class WorkingFrames:
    """A working copy: what a batch makes of the frames."""

    def __init__(self, memory: Memory, whole: Whole) -> None:
        self._memory = memory
        self._whole = whole
        self._least = dict(memory.least)
        self._since = dict(memory.since)
        self._now: dict[str, pl.DataFrame] = {}
        self._added: dict[str, list[pl.DataFrame] | None] = {}
        self.floor = memory.floor

    def __getitem__(self, name: str) -> pl.DataFrame:
        """The frame as the batch has made it so far."""
        return self._now[name] if name in self._now else self._memory.frames[name]

    def grow(self, name: str, whole: pl.DataFrame, added: pl.DataFrame) -> None:
        """`whole`: the frame from now on; `added`: rows that, read after the stored ones, give it back."""
        self._now[name] = whole
        self._store(name, added)

    def append(self, name: str, added: pl.DataFrame) -> None:
        """Rows that stand beside the others, with which `whole` would make fewer of them."""
        grown = pl.concat([self[name], added])
        # Putting n rows together costs n: done when there are twice as many as needed, each row pays for a fixed part of it.
        if grown.height > 2 * self._least.get(name, 0) + SPARE:
            grown = self._whole(name, grown)
            self._least[name] = grown.height
        self._now[name] = grown
        self._store(name, added)

    def set(self, name: str, whole: pl.DataFrame) -> None:
        """To be stored anew."""
        self._put(name, whole)
        self._added[name] = None

    def forget(self, name: str, whole: pl.DataFrame) -> None:
        """`whole` lacks what will be sorted out again when it is read back: nothing needs to be stored for that."""
        self._put(name, whole)
        self._added.setdefault(name, [])

    def forget_slots(self, name: str, since: int) -> None:
        """Those before `since`, for good; nothing needs to be stored for that either."""
        self.forget(name, self[name].filter(pl.col("slot") >= since))
        self._since[name] = since

    def _put(self, name: str, whole: pl.DataFrame) -> None:
        """`whole`: the frame from now on, which may be smaller than what was last put together."""
        self._now[name] = whole
        self._least[name] = min(whole.height, self._least.get(name, 0))

    def _store(self, name: str, added: pl.DataFrame) -> None:
        """Rows of a frame that the transaction stores beside the older ones, unless all of it is stored anew."""
        parts = self._added.setdefault(name, [])
        if parts is not None:
            parts.append(added)

    def stored(self, alerts: Mapping[str, OpenAlert], prefix: str) -> tuple[Memory, dict[str, bytes | None]]:
        """The memory of after the batch, and what to store so that `recalled` gives it back."""
        pieces, changes = dict(self._memory.pieces), dict[str, bytes | None].fromkeys(self._memory.stale)
        for name, added in self._added.items():
            pieces[name], piece_changes = self._pieces(name, added, f"{prefix}/{name}")
            changes |= piece_changes
        same = not changes and alerts == self._memory.alerts and self.floor == self._memory.floor
        memory = replace(self._memory, frames={**self._memory.frames, **self._now}, pieces=pieces, least=self._least,
                         since=self._since, floor=self.floor, alerts=alerts, stale=())  # fmt: skip
        if same:
            return memory, changes
        about = {"shape": memory.shape, "floor": self.floor, "since": self._since, "pieces": pieces,
                 "alarms": [alert.document() for alert in alerts.values()]}  # fmt: skip
        text = orjson.dumps(about)
        slices = [text[at : at + BYTES] for at in range(0, len(text), BYTES)]
        changes |= {f"{prefix}/about/{place}": part for place, part in enumerate(slices)}
        changes |= {f"{prefix}/about/{place}": None for place in range(len(slices), memory.texts)}
        return replace(memory, texts=len(slices)), changes

    def _pieces(
        self, name: str, added: list[pl.DataFrame] | None, prefix: str
    ) -> tuple[tuple[tuple[int, int], ...], dict[str, bytes | None]]:
        """Number and rows of each piece of a frame from now on, and the changes that store it.

        `added`: what came to it, in order; None: all of it is to be stored anew. `prefix`: of the frame's keys.
        """
        before, whole = self._memory.pieces.get(name, ()), self._now[name]
        held = sum(rows for _, rows in before) + sum(part.height for part in added or ())
        anew = added is None or len(before) + len(added) > PIECES or held > 2 * whole.height + SPARE
        parts = [whole] if anew or added is None else added
        # Numbers of deleted pieces are not used again, so that a key never changes its meaning within a transaction.
        number = max((number for number, _ in before), default=0)
        changes: dict[str, bytes | None] = {f"{prefix}/{old}": None for old, _ in before} if anew else {}
        kept = [] if anew else list(before)
        for part in parts:
            for rows, data in _encoded(part):
                number += 1
                changes[f"{prefix}/{number}"] = data
                kept.append((number, rows))
        return tuple(kept), changes


def recalled(
    recall: Callable[[str], bytes | None],
    prefix: str,
    schemas: Mapping[str, pl.Schema],
    whole: Whole,
    shape: str,
) -> Memory:
    """The memory as `WorkingFrames.stored` had it stored under `prefix`; an empty one if that is of another shape.

    `schemas`: of each frame by name, `waiting` included.
    """
    frames = {name: schema.to_frame() for name, schema in schemas.items()}
    texts = list(_texts(recall, prefix))
    if not texts:
        return Memory(frames, shape=shape)
    about = orjson.loads(b"".join(texts))
    if about["shape"] != shape:
        stored = [f"{prefix}/{name}/{number}" for name, numbered in about["pieces"].items() for number, _ in numbered]
        return Memory(frames, shape=shape, stale=(*stored, *(f"{prefix}/about/{place}" for place in range(len(texts)))))
    pieces = {name: tuple((number, rows) for number, rows in numbered) for name, numbered in about["pieces"].items()}
    since = about.get("since", {})
    for name, numbered in pieces.items():
        parts = [data for number, _ in numbered if (data := recall(f"{prefix}/{name}/{number}"))]
        read = pl.concat([frames[name], *(pl.read_ipc(io.BytesIO(data)) for data in parts)])
        if name in since:
            read = read.filter(pl.col("slot") >= since[name])
        frames[name] = whole(name, read)
    alerts = {stored["id"]: OpenAlert(**stored) for stored in about["alarms"]}
    least = {name: frame.height for name, frame in frames.items()}
    return Memory(frames, pieces, alerts, least, since, about["floor"], len(texts), shape)


def _texts(recall: Callable[[str], bytes | None], prefix: str) -> Iterator[bytes]:
    """The parts of the stored description, in order."""
    place = 0
    while (part := recall(f"{prefix}/about/{place}")) is not None:
        yield part
        place += 1


def _encoded(rows: pl.DataFrame) -> Iterator[tuple[int, bytes]]:
    """Rows and bytes (Arrow IPC) of each part, halved until the state takes it."""
    if not rows.height:
        return
    buffer = io.BytesIO()
    rows.write_ipc(buffer, compression="zstd")
    if buffer.tell() <= BYTES:
        yield rows.height, buffer.getvalue()
        return
    half = rows.height // 2
    yield from _encoded(rows[:half])
    yield from _encoded(rows[half:])
