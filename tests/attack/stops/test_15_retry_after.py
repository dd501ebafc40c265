"""A destination that says how long to wait: bounded both ways, and visible."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.cli.output.status import lane_state
from agent.delivery_settings import DeliverySettings
from agent.destinations.exchange import HttpAnswer
from agent.errors import Misconfigured, Unavailable
from agent.status_document import DestinationStatus, LaneCounts
from tests.pipeline.fakes import NOW, ListSource, Loops, ScriptedDestination, batch_of, ids_of
from tests.store.one_shard import OneShard


class WaitRecorder(threading.Event):
    """A stop event that nobody sets: its waits end at once and are noted."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        return False


@pytest.fixture
def loops(tmp_path: Path) -> Iterator[Loops]:
    loops = Loops(OneShard(tmp_path / "state"))
    yield loops
    loops.state.close()


def waits(loops: Loops, *answers: Unavailable, jitter: float = 0.5, **settings: Any) -> list[float]:
    """The pauses in seconds when a destination answers so and then accepts."""
    stop = WaitRecorder()
    siem = ScriptedDestination()
    quick = Loops(loops.state, stop)
    forward = quick.forward(siem, DeliverySettings.model_validate(settings), jitter=lambda: jitter)
    first = int(quick.ingest().cursor("acme/list") or 0)
    quick.ingest().read(ListSource([batch_of(first + 1, ids_of(0, 1))]))
    siem.script = list(answers)
    assert forward.forward()
    assert siem.accepted
    return stop.seconds


@pytest.mark.parametrize(("setting", "longest"), [({}, 900.0), ({"longest_pause": "2m"}, 120.0)])
def test_nobody_can_ask_for_days(loops: Loops, setting: dict[str, Any], longest: float) -> None:
    """`Retry-After: 999999` is a pause of 15 minutes, or of what is set."""
    assert waits(loops, Unavailable("busy", retry_after=999_999.0), **setting) == [longest]


def test_what_is_reasonable_is_obeyed(loops: Loops) -> None:
    """A pause within the bounds is kept to the second."""
    assert waits(loops, Unavailable("busy", retry_after=120.0)) == [120.0]


def test_nobody_can_ask_for_a_flood(loops: Loops) -> None:
    """`Retry-After: 0` does not undo our own back-off, which grows."""
    pauses = waits(loops, *[Unavailable("busy", retry_after=0.0)] * 10)
    assert pauses[:3] == [0.25, 0.5, 1.0]
    assert pauses[-1] == 30.0


def test_a_shorter_longest_pause_bounds_our_own_waits_too(loops: Loops) -> None:
    """Also those after a refusal that only a setting ends."""
    answers = [Misconfigured("token refused")] * 3
    assert waits(loops, *answers, longest_pause="10s") == [10.0] * 3


def test_a_pause_of_nothing_is_refused() -> None:
    """A longest pause of 0 s would be a flood."""
    with pytest.raises(ValidationError):
        DeliverySettings.model_validate({"longest_pause": "0s"})


def test_status_says_until_when_and_why(loops: Loops) -> None:
    """While it waits, the problem and the destination's line name the time and what the other side said."""
    siem = ScriptedDestination()
    seen: list[str] = []

    class StatusRecorder(WaitRecorder):
        def wait(self, timeout: float | None = None) -> bool:
            told = forward.live_status()
            seen.append(told["waits_until"])
            (problem,) = quick.problems.open()
            seen.append(problem.message)
            until = datetime.fromisoformat(told["waits_until"])
            waiting = DestinationStatus("siem", {"events": LaneCounts()}, waits_until=until)
            seen.append(str(lane_state(waiting, waiting.lanes["events"], "accepts nothing")))
            return super().wait(timeout)

    quick = Loops(loops.state, StatusRecorder())
    forward = quick.forward(siem)
    quick.ingest().read(ListSource([batch_of(1, ids_of(0, 1))]))
    siem.script = [Unavailable("HTTP 429 from the proxy", retry_after=999_999.0)]
    forward.forward()
    until, message, shown = seen
    assert until == (NOW + timedelta(minutes=15)).isoformat()
    assert "HTTP 429 from the proxy" in message
    assert "asked for 999,999 s: the next attempt is at 12:15:00 UTC" in message
    assert shown == "accepts nothing, waits until 12:15:00 UTC"
    assert forward.live_status()["waits_until"] is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "120"}, 120.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "9999999"}, 9_999_999.0),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Fri, 31 Dec 1999 23:58:59 GMT"}, 60.0),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT", "date": "Sat, 01 Jan 2000 23:58:59 GMT"}, 0.0),
        ({"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "Fri, 99 Dec 99999999999 99:99:99 GMT", "date": "x"}, None),
        ({}, None),
    ],
)
def test_both_forms_of_retry_after_are_read(headers: dict[str, str], seconds: float | None) -> None:
    """A number of seconds, or a time, which is compared with the answer's own clock."""
    assert HttpAnswer(503, headers, b"").retry_after() == seconds
