"""What every destination promises, whatever is at its other end."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from agent.columns.string_buffer import body
from agent.errors import Unavailable
from agent.model import Outcome, TooLong
from agent.pipeline.deliver import Delivery
from tests.certificates import Certificates
from tests.destinations.rows import chunks, event_id, lines_by_id, one_chunk, rows
from tests.destinations.sides import Builder, Side

KINDS = [
    "splunk",
    "splunk acknowledged",
    "elastic",
    "elastic index",
    "syslog tls",
    "syslog tcp",
    "syslog tcp line_feed",
    "syslog udp",
    "file",
    "file compressed",
]


@pytest.fixture
def side(request: pytest.FixtureRequest, opened: ExitStack, tmp_path: Path, certificates: Certificates) -> Side:
    return Builder(opened, tmp_path, certificates).build(request.param)


every = pytest.mark.parametrize("side", KINDS, indirect=True)
that_can_fail = pytest.mark.parametrize("side", [kind for kind in KINDS if "udp" not in kind], indirect=True)
over_http = pytest.mark.parametrize(
    "side", [kind for kind in KINDS if kind.startswith(("splunk", "elastic"))], indirect=True
)


def all_accepted(outcome: Outcome) -> bool:
    return not outcome.rejected and not outcome.retry


@every
def test_accepted_rows_arrive_once_and_unaltered(side: Side) -> None:
    """Every accepted row is at the other end once, hostile text and all."""
    frame = rows(500)
    for chunk in chunks(side.destination, frame):
        assert all_accepted(side.destination.send(chunk))
    arrived = side.arrived(500)
    assert Counter(arrived) == Counter(lines_by_id(frame).items())


@every
def test_wrap_keeps_the_rows_apart(side: Side) -> None:
    """`wrap` gives one text a row, and none for none."""
    frame = rows(40)
    wrapped = side.destination.wrap(frame, side.destination.format(frame))
    assert len(wrapped) == 40
    assert wrapped.null_count() == 0
    single = [
        bytes(body(side.destination.wrap(frame[n : n + 1], side.destination.format(frame[n : n + 1]))))
        for n in range(40)
    ]
    assert b"".join(single) == bytes(body(wrapped))
    assert len(side.destination.wrap(frame[:0], side.destination.format(frame[:0]))) == 0


@every
def test_wrap_manages_without_optional_columns(side: Side) -> None:
    """A row with only what every shaped frame has, and no readable time, is sent like any other."""
    frame = rows(3).select("@timestamp", "event.id", "event.dataset", "message")
    frame = frame.with_columns(frame["@timestamp"].shift(-3))
    assert frame["@timestamp"].null_count() == 3
    assert all_accepted(side.destination.send(one_chunk(side.destination, frame)))
    assert Counter(side.arrived(3)) == Counter(lines_by_id(frame).items())


@that_can_fail
def test_a_dead_other_side_is_unavailable_and_recovers(side: Side) -> None:
    """While the other side is down nothing is said to be accepted; afterwards the same object delivers."""
    side.destination.send(one_chunk(side.destination, rows(5)))
    side.arrived(5)
    assert side.down is not None
    assert side.up is not None
    side.down()
    later = rows(5, first=5)
    for _ in range(2):
        with pytest.raises(Unavailable):
            side.destination.send(one_chunk(side.destination, later))
    side.up()
    assert all_accepted(side.destination.send(one_chunk(side.destination, later)))
    assert set(side.arrived(10)) == set(lines_by_id(rows(10)).items())


@over_http
def test_a_lost_answer_acknowledges_nothing(side: Side) -> None:
    """When the connection dies after the rows were taken, they are sent again with the same ids."""
    assert side.lose_next_answer is not None
    chunk = one_chunk(side.destination, rows(5))
    if side.destination.name == "splunk":
        side.destination.send(one_chunk(side.destination, rows(1, first=99)))
    side.lose_next_answer()
    with pytest.raises(Unavailable):
        side.destination.send(chunk)
    assert all_accepted(side.destination.send(chunk))
    assert {i for i, _ in side.arrived(5)} >= {event_id(number) for number in range(5)}


@every
def test_a_row_that_is_too_long_is_refused_before_sending(side: Side) -> None:
    """Where the settings say so, rows above `max_row_bytes` are refused with the reason; the others arrive."""
    frame = rows(12)
    side.destination.limits = replace(side.destination.limits, max_row_bytes=1500, too_long="dead_letter")
    settled = Delivery(side.destination, threading.Event(), lambda: 0.0).deliver(one_chunk(side.destination, frame), 0)
    assert [row for row, _ in settled.refused] == [10]
    assert "1500" in settled.refused[0][1]
    assert settled.acknowledged == 11
    assert {i for i, _ in side.arrived(11)} == {event_id(number) for number in range(12) if number != 10}


@every
@pytest.mark.parametrize("kind", ["event", "alert"])
def test_a_row_that_is_too_long_is_shortened(side: Side, kind: str) -> None:
    """A row above `max_row_bytes` arrives with less of its longest text, an alert whatever the settings say."""
    frame = rows(12).with_columns(pl.lit(kind).alias("event.kind"))
    too_long: TooLong = "shorten" if kind == "event" else "dead_letter"
    side.destination.limits = replace(side.destination.limits, max_row_bytes=1500, too_long=too_long)
    settled = Delivery(side.destination, threading.Event(), lambda: 0.0).deliver(one_chunk(side.destination, frame), 0)
    assert (settled.refused, settled.acknowledged) == ([], 12)
    arrived = dict(side.arrived(12))
    whole = lines_by_id(frame)
    assert {i for i, line in arrived.items() if line != whole[i]} == {event_id(10)}
    assert re.fullmatch("x+…", json.loads(arrived[event_id(10)])["message"])


@every
def test_probe_is_content_and_writes_nothing(side: Side) -> None:
    """`probe` finds nothing wrong with a healthy other side, and leaves nothing there."""
    findings = list(side.destination.probe())
    assert findings
    assert [finding for finding in findings if not finding.ok and not finding.warning] == []
    assert all(side.destination.name in finding.subject for finding in findings)
    assert side.arrived(0) == []


@that_can_fail
def test_probe_tells_of_a_dead_other_side(side: Side) -> None:
    """`probe` of a dead other side ends with a finding that is not ok and says what to look at."""
    assert side.down is not None
    side.down()
    findings = list(side.destination.probe())
    assert not findings[-1].ok
    assert findings[-1].fix


@every
def test_the_search_names_the_event(side: Side) -> None:
    """`how_to_find` shows a search with the event's id in it."""
    assert event_id(1) in side.destination.how_to_find(event_id(1))


@every
def test_close_is_clean(side: Side) -> None:
    """Closing, even twice, loses nothing that was accepted."""
    side.destination.send(one_chunk(side.destination, rows(200)))
    side.destination.close()
    side.destination.close()
    assert Counter(side.arrived(200)) == Counter(lines_by_id(rows(200)).items())
