from __future__ import annotations

import threading
from collections.abc import Callable

from agent.simulator.event_stream.live_traffic import LONGEST_WAIT, LiveTraffic, pause
from agent.simulator.event_stream.publisher import Publisher
from agent.simulator.org.simulated_org import SimulatedOrg
from tests.simulator.event_stream.conftest import MovingClock

PATIENCE = 60
"""Seconds: how slow a machine may be."""


def test_events_are_published_as_the_clock_passes_them(
    eventful: Callable[..., SimulatedOrg], clock: MovingClock
) -> None:
    """Nobody asks for it: a reader is woken once the org's clock has moved."""
    org = eventful(live=True)
    org.bus.prepare()
    woken = threading.Event()
    leave = org.bus.listen("LoginEventStream", woken.set)
    traffic = LiveTraffic(org.publisher, org.until, speed=1.0)
    try:
        clock.move(hours=3)
        assert woken.wait(PATIENCE)
    finally:
        traffic.close()
        leave()


def test_live_traffic_ends_when_it_is_closed(eventful: Callable[..., SimulatedOrg]) -> None:
    """Its threads end, though nobody ever read."""
    before = threading.active_count()
    LiveTraffic(eventful(live=True).publisher, lambda: 0, speed=60.0).close()
    assert threading.active_count() == before


def test_pauses_last_until_the_next_event() -> None:
    """By the speed of the clock, within bounds."""
    pauses = [
        pause(1_000, following, speed) for following, speed in ((1_100, 1.0), (1_100, 10.0), (900, 1.0), (9_000, 1.0))
    ]
    assert pauses == [0.1, 0.01, 0.001, LONGEST_WAIT]


def test_time_that_stands_still_is_not_waited_for(eventful: Callable[..., SimulatedOrg]) -> None:
    """An org of history alone has a next event that never comes: nobody looks for it once time is seen to stand."""
    org = eventful()
    org.bus.prepare(past=False)
    publisher = CountingPublisher(org.publisher)
    looks = Looks(org.until, 6)
    traffic = LiveTraffic(publisher, looks, speed=1.0)  # type: ignore[arg-type]
    try:
        assert looks.enough.wait(PATIENCE)
    finally:
        traffic.close()
    assert publisher.asked == 3


class CountingPublisher:
    """Counts how often the time of the next event is asked for."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.asked = 0

    def publish(self) -> int:
        return self._publisher.publish()

    def prepare(self) -> None:
        self._publisher.prepare()

    def next_time(self) -> int | None:
        self.asked += 1
        return self._publisher.next_time()


class Looks:
    """Passes on a clock; `enough` is set once it was looked at so many times."""

    def __init__(self, clock: Callable[[], int], count: int) -> None:
        self._clock = clock
        self._left = count
        self.enough = threading.Event()

    def __call__(self) -> int:
        self._left -= 1
        if self._left <= 0:
            self.enough.set()
        return self._clock()
