from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.simulator.event_stream.cell_text import cell_text, content_digest
from agent.simulator.event_stream.stream_truth import read_stream_truth
from agent.simulator.org.simulated_org import SimulatedOrg
from tests.simulator.event_stream.conftest import MovingClock

Make = Callable[..., SimulatedOrg]


def _published(org: SimulatedOrg) -> int:
    return sum(org.bus.counts().values())


def test_nothing_is_made_without_a_reader(eventful: Make) -> None:
    """Neither at the start nor as time goes on."""
    org = eventful()
    org.advance(hours=2)
    assert _published(org) == 0
    assert org.stream_truth.path.read_bytes() == b""


def test_the_first_reader_finds_the_history(eventful: Make) -> None:
    """As far as the org is old; the truth has a line for each event, with its replay id."""
    org = eventful()
    org.bus.prepare()
    truth = read_stream_truth(org.stream_truth.path)
    assert _published(org) == len(truth) > 30
    assert truth["replay_id"].n_unique() == len(truth)
    assert truth["time"].min() >= cell_text(org.begin, "time")  # type: ignore[operator]


def test_the_history_is_made_for_those_alone_who_read_it(eventful: Make) -> None:
    """A reader from now on gets what comes; another, later, finds all that the bus would hold, in order."""
    eager, lazy = eventful(), eventful()
    eager.bus.prepare()
    lazy.bus.prepare(past=False)
    assert _published(lazy) == 0
    latest = {channel: lazy.bus.latest(channel) for channel in lazy.bus.channels()}
    for org in (eager, lazy):
        org.advance(hours=2)
    new = _published(lazy)
    lazy.bus.prepare(past=True)
    assert lazy.bus.counts() == eager.bus.counts()
    assert sum(len(lazy.bus.read(channel, position, 10_000)) for channel, position in latest.items()) == new > 0
    for channel in lazy.bus.channels():
        held, whole = (org.bus.read(channel, 0, 10_000) for org in (lazy, eager))
        assert [(event.id, event.payload) for event in held] == [(event.id, event.payload) for event in whole]
        assert [event.position for event in held] == sorted({event.position for event in held})


def test_streaming_that_was_off_before_stays_without_a_past(eventful: Make) -> None:
    """What it passed over is passed over for good, whenever somebody asks for it."""
    org = eventful()
    org.change_faults(no_stream="LoginEvent")
    org.bus.prepare(past=False)
    org.change_faults(no_stream="")
    org.bus.prepare(past=True)
    counts = org.bus.counts()
    assert counts["LoginEventStream"] == 0 < counts["ReportEventStream"]


def test_what_lies_between_is_published_as_the_clock_is_moved(eventful: Make) -> None:
    """Once each, and in order of time on each channel."""
    org = eventful()
    org.bus.prepare()
    before = _published(org)
    for _ in range(3):
        org.advance(minutes=50)
    truth = read_stream_truth(org.stream_truth.path)
    assert truth["identifier"].n_unique() == len(truth) == _published(org) > before
    logins = truth.filter(channel="LoginEventStream")
    assert logins["time"].is_sorted()
    assert logins["replay_id"].is_sorted()


def test_an_org_that_is_read_late_has_published_the_same(eventful: Make) -> None:
    """What a reader misses is what the bus no longer keeps, and nothing else."""
    early, late = eventful(), eventful()
    early.bus.prepare()
    for org in (early, late):
        org.advance(hours=8)
    late.bus.prepare()
    assert early.bus.counts() == late.bus.counts()


def test_only_a_live_org_goes_on_by_itself(eventful: Make, clock: MovingClock) -> None:
    """The clock alone brings events to it; another has none after its start."""
    quiet, live = eventful(), eventful(live=True)
    for org in (quiet, live):
        org.bus.prepare()
    before = _published(live)
    clock.move(hours=2)
    assert quiet.publisher.publish() == 0
    assert live.publisher.publish() == _published(live) - before > 0


def test_a_fast_clock(eventful: Make, clock: MovingClock) -> None:
    """Sixty times faster: a minute is an hour."""
    org = eventful(live=True, speed=60.0)
    started = org.now()
    clock.move(minutes=1)
    assert org.now() - started == timedelta(hours=1)
    assert org.base_now() - started == timedelta(minutes=1)


def test_streaming_can_be_off(eventful: Make) -> None:
    """For some events; their channels are not offered."""
    org = eventful()
    org.change_faults(no_stream="LoginEvent")
    org.bus.prepare()
    counts = org.bus.counts()
    assert counts["LoginEventStream"] == 0 < counts["ReportEventStream"]
    assert not org.streams("LoginEventStream")
    assert org.streams("ReportEventStream")


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (1_794_916_801_739, "time", "2026-11-17T12:00:01.739Z"), (12.0, "decimal", "12"), (48.1351, "decimal", "48.1351"),
        (True, "boolean", "true"), (7, "integer", "7"), ("", "text", None), (None, "time", None), (-1.0, "decimal", "-1"),
    ],
)  # fmt: skip
def test_cells_are_written_as_sources_write_them(value: object, form: str, text: str | None) -> None:
    """Times as REST, numbers without a trailing `.0`, nothing for null."""
    assert cell_text(value, form) == text


def test_a_digest_goes_by_names_and_texts() -> None:
    """Null fields count as absent."""
    forms = {"A": "text", "B": "decimal"}
    assert content_digest({"A": "x", "B": None}, ["A", "B"], forms) == content_digest({"A": "x"}, ["A"], forms)
