"""The values everything hangs on. No behaviour lives here.

Frames
------
*Raw frame* (what a source yields): one column per vendor column, named as the vendor names it, all `String`,
an empty cell is null; beside them `event.id` (`String`, 32 hex characters, never null).

*Prepared frame* (what rules see): the raw frame plus computed columns with dotted names, ECS where ECS has the
meaning, `leakline.<name>` otherwise. Nothing is removed and no vendor column is changed.

*Shaped frame* (what is stored and sent): ECS columns with dotted names in their ECS types, `salesforce.<column>`
for the rest, and always `@timestamp` (`Datetime("ms", "UTC")`, null only if the row has no readable time),
`event.id` and `event.dataset`. Arrays are `List`. Nesting is the format's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, NewType, Protocol

import polars as pl

from agent.columns.frame_parts import FrameParts

Cursor = NewType("Cursor", str)
"""Text that only its source understands; means "everything up to here was read"."""

Lane = Literal["alerts", "events"]
"""Alerts (with incidents, checkpoints, heartbeats) overtake events."""

TooLong = Literal["shorten", "dead_letter"]
"""What becomes of an event that is longer than its destination takes; alerts are always shortened."""

LANES: tuple[Lane, Lane] = ("alerts", "events")

TimeFlag = Literal["unparsable", "future", "late", "reissued", "out_of_order", "gap", "duplicate", "history"]
"""What is remarkable about an event's time. `unparsable`: it has no readable one, so `@timestamp` is null. `future`: ahead of
the clock. `late`: the event came later than its source normally brings it. `reissued`: new in an input that had been read
before. `out_of_order`: far behind a newer event of its feed. `gap`: it ends a time without events that is longer than any
the feed is known for. `duplicate`: committed before; such a row is counted and dropped, so no event has it. `history`: read afterwards by a
backfill, so that it says nothing of how soon its feed is.
"""

OWN_EVENT_TYPE = "Agent"
"""`Batch.event_type` of Leakline's own events; their frame already has dotted names."""


WRAPPED = (
    *("@timestamp", "event.id", "event.created", "event.dataset", "event.provider", "event.kind", "event.severity"),
    *("leakline.service", "organization.id"),
)
"""The columns that destinations write around a line."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """Something read that could not become an event, kept as it came."""

    org: str
    source: str
    event_type: str
    input: str
    """What it was read from: a file's path, or the record id of a log file."""
    row: int
    """1 for the first record after the header; 0 when the whole input is meant."""
    reason: str
    raw: bytes
    """The record's own bytes, without the line's end; the first megabyte of them."""


@dataclass(frozen=True, slots=True)
class EarlyFrame:
    """A prepared frame (`agent.batch_steps.PrepareStep`) that was made before the batch's turn."""

    rows: pl.DataFrame
    """Of these rows. Of a batch that has others by now it says nothing."""
    prepared: pl.DataFrame
    step: object
    """By this step. After a reload another one counts."""


@dataclass(frozen=True, slots=True)
class TakenOnce:
    """Rows that may come again, also from another source of the org: those whose `event.id` was committed under the same
    family are left out at the commit, and counted as duplicates.
    """

    family: str
    """The sources that name the same happenings alike share one: `real_time`."""
    keep: timedelta
    """How long after its commit an id is known at least: as long as a row may come again."""


@dataclass(frozen=True, slots=True)
class DayCount:
    """What a batch adds to the figures of a day of a feed (`agent.store.completeness`); counts with the batch's commit.

    A feed is compared with another that has the same rows later: the hours' files with the day's, a stream with what is
    stored. Of the rows of the later one those that the first brought before are *in time*; the others are *late*.
    """

    day: date
    """In UTC, by the feed's own time."""
    feed: str
    """What the source calls it: an event type or the name of an event."""
    due: datetime
    """When the day is to be compared at the latest."""
    compares: bool
    """Whether the batch's rows are the later feed's. If not, they only say that the day has rows to be compared."""
    from_hour: int = 0
    """The first hour of the day that is to be compared, 0 to 23."""
    hours: int = 0
    """So many hours of the day are compared once the batch is committed."""
    counted: int = 0
    """Of the batch's duplicates: those that the day counts already, so that they count once."""
    unreadable: int = 0
    """Of the batch's duplicates: records of which no event could be made when the first feed brought them."""
    reason: str = ""
    """Why the day, or a part of it, cannot be compared."""


@dataclass(frozen=True, slots=True)
class History:
    """What a batch belongs to that a backfill read: detection judges it with a memory of its own, and nothing that is known of
    live collection (lag, completeness, silence, baselines) moves with it.
    """

    job: str
    """Which backfill; each has its own memory."""
    ends: datetime | None = None
    """Of the last batch, which has no rows: up to when everything was read, so that what waits for more is judged now."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one event type under one schema, about 4 MB of raw input; commits as a whole."""

    org: str
    """The organisation's 18-character id."""
    source: str
    """The service rules name: `event_log_file`, `setup_audit_trail`, …; `agent` for Leakline's own events."""
    event_type: str
    """The vendor's spelling: `Login`, `ReportExport`, …"""
    frame: pl.DataFrame
    cursor: Cursor | None = None
    """Where reading goes on once this batch is committed; None leaves the cursor where it is."""
    remember: Mapping[str, bytes | None] = field(default_factory=dict)
    """What the source must not forget besides its cursor; commits with the batch. None forgets a key."""
    rejections: Sequence[Rejection] = ()
    duplicates: int = 0
    """Rows of this batch's input that were taken before and are left out of `frame`."""
    input: str = ""
    """What the rows were read from, for people: a log file's record id or a path."""
    created: datetime | None = None
    """When we first saw the input (`event.created` of its rows): the same however often it is read."""
    again: str = ""
    """How the input can be had once more, in a text that only its source understands; empty where it cannot."""
    row_numbers: pl.Series | None = None
    """`Int64`: for each row of `frame` the number of its record in the input, 1 for the first after the header."""
    once: TakenOnce | None = None
    """None: the source itself leaves out what was taken before."""
    usual_lag: timedelta | None = None
    """How old its rows are at most when they come in good time, before the interval at which the source is asked is added;
    None: as the service has it (`agent.normalize.time_check.usual_lag`)."""
    time_flags: Sequence[TimeFlag] = ()
    """What the source knows to be remarkable about the time of all rows (`agent.normalize.time_check.flags`): `late` of rows
    that only a comparison brings, `reissued` of those that are new in an input that was read before."""
    count: DayCount | None = None
    """None: the batch is no part of a comparison of two feeds."""
    history: History | None = None
    """None: live collection brought it."""
    early: EarlyFrame | None = field(default=None, compare=False, repr=False)
    """What a step made of the rows while the batch waited for its turn."""


class Format(Protocol):
    """A pure function: a shaped frame of n rows to n lines (`String`, never null, no line feed inside)."""

    def __call__(self, frame: pl.DataFrame) -> pl.Series: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a destination said about a chunk. Rows are counted from 0 within the chunk; all others were accepted."""

    rejected: Sequence[tuple[int, str]] = ()
    """Refused for good, with the reason: dead-lettered by the loop."""
    retry: Sequence[int] = ()
    """To be sent again, as they are."""
    too_long: Sequence[tuple[int, str]] = ()
    """Refused for nothing but their length, with the reason: shortened by the loop and sent again."""
    duplicates: int = 0
    """Accepted because they were there already (a 409 from `_bulk`)."""
    slow_down: bool = False
    """Accepted, but the other side asks for a pause (HEC codes 24 and 25)."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive encoded rows of one batch, cut to a destination's limits."""

    lines: pl.Series
    """`String`; already framed for the wire, so that `body(lines)` is what goes out."""
    ids: pl.Series
    """`String`: each row's `event.id`."""
    rows: FrameParts
    """The shaped rows behind the lines."""
    sent_before: bool = field(default=False)
    """True when an earlier attempt may have been accepted: duplicates are to be expected."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check` or of `rules lint`: what was looked at, what was seen, what to do."""

    subject: str
    ok: bool
    message: str
    fix: str = ""
    warning: bool = False
    """Not ok, yet nothing stops because of it."""
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a destination takes at a time."""

    max_bytes: int
    """Upper bound for the body of one chunk."""
    max_rows: int
    """Upper bound for the rows of one chunk."""
    max_row_bytes: int
    """A longer encoded row is not sent as it is."""
    too_long: TooLong
    """Whether such an event is shortened or kept as a dead letter."""


class Destination(Protocol):
    """Something that takes encoded rows.

    `send` is called by one thread at a time and never waits between attempts, never retries and never cuts: the
    loop does. It raises `Unavailable` (or `Misconfigured`) when nothing can be said to have been accepted.
    """

    name: str
    lanes: Sequence[Lane]
    limits: Limits
    """A new value where the destination has learned what the other side takes."""

    @property
    def format(self) -> Format:
        """From shaped rows to lines, before `wrap`."""
        ...

    def prepare(self) -> None:
        """Look at the secrets and certificates that the settings name, and ask nobody. Raises SettingsError.

        Nothing else reads them before the first row is sent: then one that is missing is Misconfigured, and tried anew.
        """
        ...

    def wrap(self, frame: pl.DataFrame, lines: pl.Series) -> pl.Series:
        """Add the wire's envelope and line end to formatted lines; pure, n rows to n rows.

        `frame`: shaped rows, maybe with no other columns than those of `WRAPPED`.
        """
        ...

    def send(self, chunk: Chunk) -> Outcome: ...

    def close(self) -> None: ...

    def probe(self) -> Iterator[Finding]:
        """Look without writing: reachable, trusted, authorised. Yields a finding for each thing looked at."""
        ...

    def how_to_find(self, event_id: str) -> str:
        """The search a person types at the other end to see the event with this id."""
        ...
