"""What is stored beside what was streamed: an event that the stream left out in silence is found, marked and counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
import polars as pl
import pytest

from agent.model import Batch, Cursor
from agent.normalize.vendor_identity import identify_events
from agent.simulator.world.faults import Faults
from agent.sources.event_identity import ONCE
from agent.sources.object_query import object_reader
from agent.sources.object_query.span import milliseconds
from agent.sources.real_time.catalogue import SERVICE
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.stored_events.settings import StoredEventsSettings
from tests.completeness.conftest import ComparedOrg
from tests.pipeline.fakes import ListSource
from tests.sources.reader import START
from tests.sources.stored_events.stored_rows import FIELDS, stored_row

STREAM = RealTimeSettings(type="real_time")
SETTINGS = StoredEventsSettings(type="stored_events", start=dt.timedelta(days=3))
DAY = START.replace(hour=0)
MINUTE = dt.timedelta(minutes=1)


def named(number: int) -> str:
    return str(UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % (1 << 128)))


@dataclass
class StreamedDay:
    """Of an org whose stream began at midnight, and stores an event every ten minutes."""

    compared: ComparedOrg
    rows: list[tuple[int, dt.datetime]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.compared.org.faults = Faults(no_storage="all")
        self.compared.org.tables["LoginEvent"] = FIELDS
        self._stored = self.compared.org.objects["LoginEvent"] = []
        self._passes = 0

    def store(self, *times: dt.datetime) -> list[int]:
        """Their numbers."""
        begin = len(self.rows)
        self.rows += enumerate(times, begin)
        self._stored += [stored_row(number, time, named(number)) for number, time in self.rows[begin:]]
        return list(range(begin, len(self.rows)))

    def stream(self, numbers: Sequence[int], to: dt.datetime) -> None:
        """Commit these rows as the stream does, which covers all from midnight on."""
        self._passes += 1
        session = self.compared.make_session()
        frame = pl.DataFrame(
            {"EventIdentifier": [named(number) for number in numbers]}, schema={"EventIdentifier": pl.String}
        )
        frame = frame.with_columns(identify_events(frame, session.org_id, "LoginEvent").alias("event.id"))
        covered = {"covered/LoginEvent": orjson.dumps([[milliseconds(DAY), milliseconds(to)]])}
        cursor = Cursor(str(self._passes))
        batch = Batch(session.org_id, SERVICE, "LoginEventStream", frame, cursor, covered, once=ONCE)
        self.compared.loops.ingest(now=self.compared.clock).read(ListSource([batch], "acme/real_time"))

    def poll(self, kill_at: int | None = None) -> int:
        return self.compared.read(SETTINGS, STREAM, kill_at=kill_at)


@pytest.fixture
def streamed(compared: ComparedOrg) -> StreamedDay:
    return StreamedDay(compared)


def test_an_event_that_the_stream_dropped_is_found(streamed: StreamedDay) -> None:
    """An hour after its hour ended; it is forwarded once, and counted as late."""
    numbers = streamed.store(*(DAY + 10 * MINUTE * step for step in range(24)))
    streamed.compared.clock.time = DAY + dt.timedelta(hours=4, minutes=5)
    streamed.stream([number for number in numbers if number not in (7, 20)], streamed.compared.clock())
    assert streamed.poll() == 1  # of the first three hours
    assert streamed.poll() == 0
    streamed.compared.clock.advance(hours=1)
    streamed.stream([], streamed.compared.clock())
    assert streamed.poll() == 1
    (day,) = streamed.compared.days()
    assert (day.source, day.day, day.state) == ("acme/stored_events", DAY.date(), "waiting")
    assert (day.expected, day.in_time, day.late, day.never) == (24, 22, 2, 0)
    assert day.feeds[0].missing == "20 of its hours are not compared"


@pytest.mark.parametrize("kill_at", [0, 1, 2, 5, 9])
def test_full_pages_and_kills_count_each_row_once(
    streamed: StreamedDay, kill_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a page ends in the middle of a moment, or a moment fills several."""
    monkeypatch.setattr(object_reader, "PAGE", 4)
    times = [DAY + MINUTE * (step // 3) for step in range(40)] + [DAY + 90 * MINUTE] * 20
    numbers = streamed.store(*times)
    streamed.compared.clock.time = DAY + dt.timedelta(hours=3, minutes=5)
    streamed.stream(numbers[::2], streamed.compared.clock())
    streamed.poll(kill_at=kill_at)
    for _ in range(8):
        streamed.poll()
    (day,) = streamed.compared.days()
    assert (day.expected, day.in_time, day.late) == (60, 30, 30)
    assert day.feeds[0].missing == "22 of its hours are not compared"


def test_a_whole_day_is_told(streamed: StreamedDay) -> None:
    """Its figures are complete once its last hour is compared."""
    streamed.stream(streamed.store(*(DAY + 60 * MINUTE * hour for hour in range(24))), DAY + dt.timedelta(days=1))
    streamed.compared.clock.time = DAY + dt.timedelta(days=1, hours=1)
    streamed.poll()
    streamed.compared.report()
    (day,) = streamed.compared.days()
    assert (day.state, day.expected, day.in_time) == ("complete", 24, 24)
    ((action, message),) = streamed.compared.told()
    assert (action, "24 of 24 rows came in time (100 %)" in message) == ("completeness", True)


def test_a_day_that_cannot_be_compared_is_a_problem(streamed: StreamedDay) -> None:
    """Without identifiers every row would come twice: nothing is compared, and the day is not called complete."""
    streamed.store(DAY + MINUTE)
    streamed.stream([0], DAY + dt.timedelta(days=1))
    streamed.compared.org.tables["LoginEvent"] = {
        name: kind for name, kind in FIELDS.items() if name != "EventIdentifier"
    }
    streamed.compared.clock.time = DAY + dt.timedelta(days=1, hours=14)
    streamed.poll()
    streamed.compared.report()
    day = streamed.compared.days()[0]
    assert (day.state, day.expected) == ("incomplete", 0)
    assert "EventIdentifier is hidden" in day.feeds[0].missing
    assert "day-incomplete" in {problem.kind for problem in streamed.compared.loops.problems.open()}
