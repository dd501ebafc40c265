"""What every kind of baseline is asked: the keys of its document, its frames, its arithmetic and its words.

A kind is a class in a file of its own and one line in `kinds.py`. Nothing else knows a kind by its name
(tests/detection/baseline/test_kinds.py), so that another kind needs no other edit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Literal, Protocol

import polars as pl

from agent.columns.timestamp import HOUR
from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.open_alert import OpenAlert, OpenAlerts
from agent.detection.baseline.usual import PastNumbers
from agent.detection.baseline.working_frames import WorkingFrames
from agent.detection.memory.stored_frame import PieceLayout

FieldUse = Literal["", "summed", "compared"]
"""What `condition.field` is for: there is none; optional, numbers that are added up; required, values told apart."""

Peers = Callable[[int, Callable[[], pl.DataFrame]], PastNumbers | None]
"""What all groups did before a slot, from the buckets of all (`key` UInt64, `slot` Int32, `value` Float64), which are
asked for if it is not known yet.
"""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with several keys of a document together."""

    reason: str
    keys: tuple[str, ...] = ("condition",)
    """Where it is, below `baseline`."""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What one batch brings to one baseline of one org."""

    baseline: Baseline
    frames: WorkingFrames
    """The kind's `schemas` by name, to be changed in place."""
    rows: pl.DataFrame
    """Rows to take in (`rows.SCHEMA`); none of them is older than what was settled, or ahead of another source."""
    mark: int
    """The watermark, in milliseconds of event time: no row that is older comes any more."""
    alerts: OpenAlerts
    peers: Peers
    clock: int | None = None
    """Milliseconds until which rows would have come by now, if it is the clock that asks; None for a batch."""


class Kind(Protocol):
    """One way to hold rows against what went before. It keeps nothing: all it knows is in the frames."""

    name: str
    """The `type` of a document, and `leakline.baseline.type` of an alert."""
    measure: str
    """What its alerts measure, where that is no field of the rows (`leakline.measure.field`)."""

    keys: frozenset[str]
    """Keys of its documents beside those that all kinds share."""
    timespan: timedelta | None = None
    """What holds if a document names no `timespan`; None: it has to."""
    history: timedelta
    """What holds if a document names no `history`."""
    minimum: timedelta = timedelta()
    """What holds if a document names no `minimum-history`."""
    bounds: Mapping[str, float] = MappingProxyType({})
    """What a condition may ask beside `field`, and what holds if it does not."""
    field: FieldUse = ""
    needed_bounds: tuple[tuple[str, ...], ...] = ()
    """Bounds that a document has to state above 0: at least one of each group. `flaws` says which is missing."""

    needs: tuple[str, ...] = ()
    """Columns of an event, of numbers, without which a row says nothing (see `rows.NUMBERS`)."""
    shows: tuple[str, ...] = ()
    """Further columns of an event whose content its alerts repeat."""
    waits: bool = False
    """Whether it tells that nothing came: time alone raises its alerts, so the clock counts as well as rows do, and
    of the rows only their times count.
    """

    schemas: Mapping[str, pl.Schema]
    """The frames it remembers, by name."""

    def whole(self, _name: str, rows: pl.DataFrame) -> pl.DataFrame:
        """What was stored, held or appended piece by piece, in any order, as the frame `name` with its columns."""
        return rows

    def held(self, _name: str, stored: pl.DataFrame) -> pl.DataFrame:
        """Stored rows of the frame `name` as memory has them: without what only an alert tells."""
        return stored

    def layout(self, _baseline: Baseline, name: str) -> PieceLayout:
        """How the frame `name` is stored."""
        return PieceLayout(whole=lambda rows: self.whole(name, rows))

    def advance(self, context: Context) -> int:
        """Take rows in, raise what follows, settle what the watermark passed; returns rows left out as too many."""
        ...

    def once_per(self, _span: timedelta) -> timedelta:
        """What holds if a document names no `once-per`."""
        return timedelta(days=1)

    def too_short(self, _baseline: Baseline) -> str:
        """Why it remembers too little ever to alert; empty if it does not."""
        return ""

    def flaws(self, _baseline: Baseline) -> Iterator[Flaw]:
        """What only several keys of a document together tell."""
        yield from ()

    def shape_part(self, baseline: Baseline) -> timedelta:
        """Into what parts of time rows are put: with others, what was kept says nothing any more."""
        return baseline.step

    def late_part(self, _baseline: Baseline) -> int:
        """Milliseconds: rows are late only when the watermark passed the whole part of time that they are in."""
        return 1

    def look_every(self, _baseline: Baseline) -> int:
        """Milliseconds: a watermark that stays within one such part of time settles nothing."""
        return HOUR

    def comparison(self, _baseline: Baseline, _alert: OpenAlert, events: str) -> str:
        """What was unusual and what is usual, for the sentence of the alert. `events`: the titles of the rules whose rows
        count, such as `"Report exported"`.
        """
        return events
