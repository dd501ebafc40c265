"""A destination and a source that do what a test tells them, and the loops around them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import polars as pl

from agent.batch_steps import BatchSteps, DetectionResult, ResponseRecord
from agent.delivery_settings import DeliverySettings
from agent.model import LANES, Batch, Chunk, Cursor, Finding, Lane, Limits, Outcome
from agent.pipeline.forward import Forward
from agent.pipeline.ingest import Ingest
from agent.pipeline.repair import Repair
from agent.pipeline.shared_lines import SharedLines
from agent.store.dead_letters import DeadLetters
from agent.store.directory import startup
from agent.store.problems import Problems
from agent.store.queue.backlog_limit import BacklogLimit, Quota
from agent.store.queue.parked_batches import ParkedBatches
from agent.store.queue.repairs import Repairs
from agent.store.queue.shared_room import SharedRoom
from agent.store.queue.state_stores import StateStores
from agent.store.spool import Spool
from tests.store.one_shard import OneShard

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def lines_of(frame: pl.DataFrame) -> pl.Series:
    """The simplest format: the row's id."""
    return frame["event.id"].alias("lines")


def frame_of(ids: Sequence[str]) -> pl.DataFrame:
    times = pl.Series("@timestamp", [NOW] * len(ids), dtype=pl.Datetime("ms", "UTC"))
    return pl.DataFrame({"event.id": pl.Series(list(ids), dtype=pl.String), "@timestamp": times})


def ids_of(start: int, end: int) -> list[str]:
    return [f"{number:032x}" for number in range(start, end)]


@dataclass
class ScriptedDestination:
    """Accepts everything unless `script` holds an answer (an Outcome, or an exception to raise) for the next send."""

    name: str = "siem"
    lanes: Sequence[Lane] = LANES
    limits: Limits = field(init=False)
    max_bytes: InitVar[int] = 10_000
    max_rows: InitVar[int] = 10
    max_row_bytes: InitVar[int] = 10_000
    script: list[Outcome | Exception | Callable[[Chunk], Outcome]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    sends: int = 0

    def __post_init__(self, max_bytes: int, max_rows: int, max_row_bytes: int) -> None:
        self.limits = Limits(max_bytes, max_rows, max_row_bytes, "shorten")

    def format(self, frame: pl.DataFrame) -> pl.Series:
        if frame["event.id"].str.starts_with("poison").any():
            raise RuntimeError("cannot encode this")
        return lines_of(frame)

    def prepare(self) -> None: ...

    def wrap(self, frame: pl.DataFrame, lines: pl.Series) -> pl.Series:
        return lines + "\n"

    def send(self, chunk: Chunk) -> Outcome:
        self.sends += 1
        answer = self.script.pop(0) if self.script else Outcome()
        if callable(answer):
            answer = answer(chunk)
        if isinstance(answer, Exception):
            raise answer
        refused = {row for row, _ in answer.rejected} | set(answer.retry)
        self.accepted += [event_id for row, event_id in enumerate(chunk.ids.to_list()) if row not in refused]
        return answer

    def close(self) -> None: ...

    def probe(self) -> Iterator[Finding]:
        return iter(())

    def how_to_find(self, event_id: str) -> str:
        return event_id


@dataclass
class ListSource:
    """Yields the batches it was given whose cursor lies after the one asked for (cursors are decimal numbers)."""

    batches: list[Batch]
    name: str = "acme/list"

    def read(self, after: Cursor | None) -> Generator[Batch]:
        for batch in self.batches:
            if after is None or int(batch.cursor or 0) > int(after):
                yield batch


@dataclass
class Archive:
    """A source whose inputs can be fetched again (`agent.source.FetchesAgain`), unless `script` holds an error."""

    inputs: dict[str, list[str]] = field(default_factory=dict)
    """`Batch.again` to the ids of its records, from record 1 on."""
    script: list[Exception] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def batch(self, cursor: int, ids: Sequence[str]) -> Batch:
        """A batch of all records of a new input."""
        again = f"input {cursor}"
        self.inputs[again] = list(ids)
        numbers = pl.int_range(1, len(ids) + 1, eager=True)
        return batch_of(cursor, ids, input=again, again=again, row_numbers=numbers)

    def fetch_again(self, again: str, wanted: Sequence[pl.Series], stop: threading.Event) -> list[Batch]:
        if self.script:
            raise self.script.pop(0)
        self.fetched.append(again)
        ids = self.inputs[again]
        return [batch_of(0, [ids[number - 1] for number in numbers], input=again) for numbers in wanted]


class NoDetection:
    alerts = frame_of([])
    remember: ClassVar[dict[str, bytes | None]] = {}
    matched: ClassVar[dict[str, int]] = {}

    def advance(self) -> None:
        pass

    def commit(self) -> None:
        pass

    def take_back(self) -> None:
        pass


@dataclass
class AnsweredAlerts:
    """A `respond` that counts the alerts it has answered, and says so to each batch."""

    count: int = 0

    def respond(self, _batch: Batch, detection: DetectionResult, _now: datetime) -> CountedResponse:
        return CountedResponse(self, detection.alerts)


class CountedResponse:
    """The answer to a batch's alerts: what it says is a row of its own in the lane of alerts."""

    def __init__(self, answered: AnsweredAlerts, alerts: pl.DataFrame) -> None:
        self._answered = answered
        self._before = answered.count
        self.alerts = alerts
        self.events = frame_of([f"answer {self._before + alerts.height}"]) if alerts.height else pl.DataFrame()
        self.remember: Mapping[str, bytes | None] = {"alerts": b"%d" % (self._before + alerts.height)}
        self.records: Sequence[ResponseRecord] = ()

    def advance(self) -> None:
        self._answered.count = self._before + self.alerts.height

    def commit(self) -> None: ...

    def take_back(self) -> None:
        self._answered.count = self._before


def plain_steps() -> BatchSteps:
    return BatchSteps(
        prepare=lambda batch: batch.frame,
        match=lambda batch, frame: (),
        detect=lambda batch, frame, matches, now: NoDetection(),
        shape=lambda frame, batch, now: frame,
    )


def batch_of(cursor: int, ids: Sequence[str], **other: Any) -> Batch:
    return Batch("00D000000000001AAA", "list", "Thing", frame_of(ids), Cursor(str(cursor)), **other)


def full_above(spool: Spool, limit: int) -> Callable[[], str]:
    """Back-pressure (`Ingest`) above so many bytes of batch files."""
    return lambda: f"the spool holds {held} of {limit} bytes" if (held := spool.bytes_held()) > limit else ""


@dataclass
class Loops:
    """State, spool and dead letters in one directory, with what is needed to run both loops by hand."""

    state: OneShard
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.spool = Spool(self.state)
        self.dead_letters = DeadLetters(self.state)
        self.problems = Problems(self.state, lambda: NOW)
        self.parked = ParkedBatches(self.state)
        self.repairs = Repairs(self.state, self.problems, lambda: NOW)

    @property
    def stores(self) -> StateStores:
        return StateStores(self.state, self.spool, self.parked, self.dead_letters, self.repairs, self.problems)

    def begin(self) -> None:
        """As a daemon does at its start."""
        startup.begin(self.state.whole, {self.state.shard: (self.state, self.problems)})

    def ingest(
        self,
        steps: BatchSteps | None = None,
        spool_limit: int = 1 << 30,
        now: Callable[[], datetime] = lambda: NOW,
        steady: Callable[[], float] = time.monotonic,
    ) -> Ingest:
        return Ingest(
            self.stores,
            steps or plain_steps(),
            now=now,
            stop=self.stop,
            backpressure=full_above(self.spool, spool_limit),
            steady=steady,
        )

    def forward(
        self,
        destination: ScriptedDestination,
        settings: DeliverySettings | None = None,
        *,
        monotonic: Callable[[], float] = lambda: 0.0,
        jitter: Callable[[], float] = lambda: 0.0,
    ) -> Forward:
        return Forward(
            destination,
            [self.stores],
            SharedLines(),
            problems=self.problems,
            now=lambda: NOW,
            stop=self.stop,
            settings=settings,
            jitter=jitter,
            monotonic=monotonic,
        )

    def repair(
        self,
        source: Archive,
        *,
        now: Callable[[], datetime] = lambda: NOW,
        monotonic: Callable[[], float] = lambda: 0.0,
    ) -> Repair:
        sources = {"acme/list": source}
        return Repair(self.stores, self.ingest().shaped, sources, now=now, stop=self.stop, monotonic=monotonic)

    def room(self, limit: int, *quotas: Quota) -> BacklogLimit:
        """Room over these quotas, that trims as the daemon does."""

        def trim() -> None:
            for lane in LANES:
                positions = [quota.queue.position(lane) for quota in quotas if lane in quota.queue.lanes]
                self.spool.trim({lane: min(positions, key=lambda p: (p.sequence, p.row))})

        return BacklogLimit("acme", self.spool, self.parked, SharedRoom(limit, ["acme"]), quotas, trim)

    def restarted(self) -> Loops:
        """Another process on the same state."""
        return Loops(self.state, self.stop)

    def event_ids(self, lane: Lane) -> list[str]:
        """Of all rows that were ever put into the lane."""
        entries = [self.spool.entry(lane, sequence) for sequence in range(self.spool.end(lane).sequence)]
        return [row for e in entries if e is not None for row in self.spool.read(e).column("event.id").to_list()]

    def event_actions(self) -> list[str]:
        """`event.action` of every event about problems that waits to be sent; sends them."""
        actions = []
        for batch in self.problems.events():
            actions += batch.frame["event.action"].to_list()
            self.ingest().take("agent", batch)
        return actions

    def drain(self, forward: Forward) -> None:
        while not self.stop.is_set() and forward.forward():
            pass
