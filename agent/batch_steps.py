"""What happens to a batch on its way from a source to the spool, as Protocols; handed in, so that rooms need not know each other.

A batch goes through the steps in the order of `BatchSteps`. Each shard has steps of its own. `prepare`, `match` and
`shape` run outside the commit, on the thread of the source (`prepare` of large batches on the one that reads ahead): a
batch that waits there keeps only batches of its own org waiting. `detect` runs under the shard's commit lock, and what it found counts with the transaction that follows at once.
Batches of a source that wait together share that transaction; each is detected by itself, in their order, so that what
they bring does not depend on who waits with whom.

All but `detect` keep nothing that matters from batch to batch, and `detect` lets count what it found only when its
result is committed. So a batch may go through any of the steps again: after a full disk, after other rules were loaded,
or in parts while rows are looked for that break a step. An exception nobody expected ends the pass of the source; nothing of
the batch is committed then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import polars as pl

from agent.model import Batch
from agent.source import Recall

Matches = Any
"""What `match` found, for the `detect` of the same steps alone: nobody else looks into it."""


class DetectionResult(Protocol):
    """What detection found in one batch; nothing of it counts until `commit`, which follows the batch's transaction.

    Batches that commit together are detected one after the other before their transaction begins: each `advance`s, and
    the next is detected against what it leaves. If they cannot be stored, all are taken back, the last one first.
    """

    @property
    def alerts(self) -> pl.DataFrame:
        """A shaped frame, a row an alert; without columns if there are none."""
        ...

    @property
    def remember(self) -> Mapping[str, bytes | None]:
        """What must be stored with the batch, by key; None forgets a key."""
        ...

    @property
    def matched(self) -> Mapping[str, int]:
        """Rule id to rows matched."""
        ...

    def advance(self) -> None:
        """What comes next is detected against what this batch leaves, although it is not stored yet."""
        ...

    def commit(self) -> None:
        """It is stored, and so is all that has advanced with it."""
        ...

    def take_back(self) -> None:
        """It has advanced and is not stored: everything is as it was before."""
        ...


class PrepareStep(Protocol):
    """Mapping and enrichment: a batch to its prepared frame, row for row.

    Called by one thread at a time for the batches of an org, under the shard's preparing lock. Leakline's own events do
    not take that lock, so that they never wait for a look-up: for them it is called beside another call. It may wait
    seconds for a look-up; whoever waits for it holds nothing else.
    """

    def __call__(self, batch: Batch, /) -> pl.DataFrame: ...


class MatchStep(Protocol):
    """Rules tried on a prepared frame, each by itself: what matched, for `detect`.

    Pure, and safe for threads: the rules are the process's, and several orgs try them at once.
    """

    def __call__(self, batch: Batch, prepared: pl.DataFrame, /) -> Matches: ...


class DetectStep(Protocol):
    """What the matches mean beside those of earlier batches, at the time now: alerts, and what is to be remembered.

    Called by one thread at a time, under the shard's commit lock: it waits for nothing and asks nobody. A batch without
    rows is the passing of time; its matches are those of an empty frame.
    """

    def __call__(self, batch: Batch, prepared: pl.DataFrame, matches: Matches, now: datetime, /) -> DetectionResult: ...


class ShapeStep(Protocol):
    """A prepared frame of a batch, read at the time now, to the shaped frame of the same rows in the same order.

    Safe for threads. It is called before `detect`, outside the commit.
    """

    def __call__(self, prepared: pl.DataFrame, batch: Batch, now: datetime, /) -> pl.DataFrame: ...


@dataclass(frozen=True, slots=True)
class ResponseRecord:
    """What the trail is to say of a response."""

    type: str
    """A kebab-case verb phrase."""
    object: str
    """What it is about."""
    data: Mapping[str, Any]
    personal: Mapping[str, Any]
    """What of it must be possible to erase."""


class ResponseResult(Protocol):
    """What follows from the alerts of a batch; nothing of it counts until the batch's transaction is committed.

    It advances and is taken back as a `DetectionResult` is, and right after that.
    """

    @property
    def alerts(self) -> pl.DataFrame:
        """The batch's alerts as they are to be stored, row for row; without columns if there are none."""
        ...

    @property
    def events(self) -> pl.DataFrame:
        """A shaped frame of what is to be said besides, in the lane of alerts; without columns if there is nothing."""
        ...

    @property
    def remember(self) -> Mapping[str, bytes | None]:
        """What must be stored with the batch, by key; None forgets a key."""
        ...

    @property
    def records(self) -> Sequence[ResponseRecord]:
        """What the trail is to say."""
        ...

    def advance(self) -> None:
        """The next batch is answered against what this one leaves, although it is not stored yet."""
        ...

    def commit(self) -> None:
        """It is stored, and so is all that has advanced with it."""
        ...

    def take_back(self) -> None:
        """It has advanced and is not stored: everything is as it was before."""
        ...


class RespondStep(Protocol):
    """What follows from the alerts of a batch that has any, at the time now.

    Called by one thread at a time, under the shard's commit lock, right after `detect` and before anything is written, in
    the order of the batches. It waits for nothing and asks nobody but the shard's own state.
    """

    def __call__(self, batch: Batch, detection: DetectionResult, now: datetime, /) -> ResponseResult: ...


class RecordStep(Protocol):
    """Entries of a trail about what a batch brought, by key.

    Called inside the batch's transaction, in the order of the batches. `response` is what `respond` gave; `recall` reads
    earlier entries of the trail.
    """

    def __call__(
        self,
        batch: Batch,
        response: ResponseResult,
        now: datetime,
        recall: Recall,
        /,
    ) -> Mapping[str, bytes | None]: ...


class _NoResponse:
    """Nothing follows: the batch has no alerts, or nobody answers them."""

    def __init__(self, alerts: pl.DataFrame) -> None:
        self.alerts = alerts
        self.events = pl.DataFrame()
        self.remember: Mapping[str, bytes | None] = {}
        self.records: Sequence[ResponseRecord] = ()

    def advance(self) -> None: ...

    def commit(self) -> None: ...

    def take_back(self) -> None: ...


NO_RESPONSE: ResponseResult = _NoResponse(pl.DataFrame())
"""To a batch without alerts."""


def no_response(_batch: Batch, detection: DetectionResult, _now: datetime, /) -> ResponseResult:
    """`RespondStep` where nothing follows from alerts."""
    return _NoResponse(detection.alerts)


def no_record(*_: object) -> Mapping[str, bytes | None]:
    """`RecordStep` where no trail is kept."""
    return {}


@dataclass(frozen=True, slots=True)
class BatchSteps:
    """The steps of one shard, in their order."""

    prepare: PrepareStep
    match: MatchStep
    detect: DetectStep
    shape: ShapeStep
    respond: RespondStep = no_response
    record: RecordStep = no_record
