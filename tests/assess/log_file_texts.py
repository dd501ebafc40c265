"""The simulated org's log files over weeks, as text, in the order in which the org makes them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from agent.simulator.log_files.increments import hour_files
from agent.simulator.log_files.log_file import MakingTimes
from agent.simulator.log_files.traffic import EVENT_TYPES, Traffic
from agent.simulator.rows.block import Tenant
from agent.simulator.world.columns import layouts
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import DAY, HOUR, midnight
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import RecordVersion, SetupChange

HOST = "trading.my.salesforce.example"


@dataclass(order=True, frozen=True, slots=True)
class LogFileText:
    """The log files of consecutive hours, or their late increments. `created`: when the last of them is made (ms)."""

    created: int
    event_type: str
    hour: int
    sequence: int
    content: bytes = field(compare=False)
    scenarios: pl.Series = field(compare=False)
    """The planted leak each row belongs to, null for none (`String`); it stands in no file."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some days of the org."""

    seed: int
    staff: Staff
    rows: int
    """About how many a weekday has."""
    first: date
    days: int
    hours: int
    """How many hours' files are read at once, a divisor of 24: a twentieth of a second goes into each reading."""
    last_hours: int = 0
    """The same for the last day, if it is to be another."""
    planted_events: tuple[PlantedEvent, ...] = ()
    changes: tuple[SetupChange, ...] = ()
    """Rows of the audit trail that scenarios leave."""
    versions: tuple[RecordVersion, ...] = ()
    """Records that scenarios leave."""
    event_types: tuple[str, ...] = EVENT_TYPES

    @property
    def window(self) -> tuple[int, int]:
        """Its first millisecond and the one after its last."""
        start = midnight(self.first)
        return start, start + self.days * DAY

    @property
    def org(self) -> str:
        return long_id(short_id("Organization", 812_345_678 + self.seed))


def log_files(spans: Iterable[Span]) -> Iterator[LogFileText]:
    """Every file, those made first first; rows that an increment repeats are left out, as a source does."""
    waiting: list[LogFileText] = []
    for span in spans:
        traffic, times = _traffic(span)
        for number in range(span.days):
            start = midnight(span.first + timedelta(days=number))
            hours = span.last_hours if span.last_hours and number == span.days - 1 else span.hours
            for event_type in span.event_types:
                rows = traffic.rows(event_type, (start, start + DAY))
                for file in _of_day(event_type, rows, times, hours):
                    heapq.heappush(waiting, file)
            yield from _due(waiting, start + DAY)
    yield from _due(waiting, None)


def planted_files(span: Span) -> Iterator[LogFileText]:
    """The files of the planted events alone, those made first first."""
    traffic, times = _traffic(span)
    files = [
        file
        for event_type in span.event_types
        for rows in traffic.planted_rows(event_type, span.window)
        for file in _of_day(event_type, rows, times, span.hours)
    ]
    yield from sorted(files)


def traffic_of(span: Span) -> Traffic:
    """What happens in it."""
    tenant = Tenant(span.org[:15], HOST, span.staff)
    return Traffic(span.seed, span.rows, tenant, awkward_content=True, planted_events=span.planted_events)


def _traffic(span: Span) -> tuple[Traffic, MakingTimes]:
    return traffic_of(span), MakingTimes(SimulatorSettings(Path(), seed=span.seed))


def _due(waiting: list[LogFileText], until: int | None) -> Iterator[LogFileText]:
    while waiting and (until is None or waiting[0].created < until):
        yield heapq.heappop(waiting)


def _of_day(event_type: str, rows: pl.DataFrame, times: MakingTimes, hours: int) -> Iterable[LogFileText]:
    names, length = layouts()[event_type].names, hours * HOUR
    blocks = rows.with_columns(_block=pl.col("_time") // length * length).partition_by("_block", maintain_order=True)
    for frame in blocks:
        hour, told = int(frame["_block"][0]) + length - HOUR, frame["_id"].clear()
        for sequence, created, part in hour_files(times, event_type, hour, frame):
            fresh = part.filter(~pl.col("_id").is_in(told.implode())) if len(told) else part
            told = pl.concat([told, fresh["_id"]])
            content = fresh.select(names).write_csv(quote_style="always").encode("utf-8", "surrogatepass")
            yield LogFileText(created, event_type, hour, sequence, content, fresh["_scenario"])
