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
from pydantic import TypeAdapter

from agent.columns.frame_parts import FrameParts
from agent.columns.string_buffer import body
from agent.config.settings import DestinationSettings
from agent.errors import Unavailable
from agent.model import WRAPPED, Outcome, TooLong
from agent.pipeline.deliver import Delivery
from tests.certificates import Certificates
from tests.destinations.harness import Harness, HarnessBuilder
from tests.destinations.rows import chunks, event_id, lines_by_id, one_chunk, rows

VARIANTS = {
    "splunk": ["splunk", "splunk acknowledged"],
    "elastic": ["elastic", "elastic index"],
    "syslog": ["syslog tls", "syslog tcp", "syslog tcp line_feed", "syslog udp"],
    "file": ["file", "file compressed"],
}
"""Settings under which a destination behaves in another way; one without an entry is tested once."""

TYPES = sorted(TypeAdapter(DestinationSettings).json_schema()["discriminator"]["mapping"])
"""Every destination that settings can name: a new one is tested, or fails for want of its harness."""

KINDS = [kind for family in TYPES for kind in VARIANTS.get(family, [family])]


@pytest.fixture
def harness(request: pytest.FixtureRequest, opened: ExitStack, tmp_path: Path, certificates: Certificates) -> Harness:
    return HarnessBuilder(opened, tmp_path, certificates).build(request.param)


every = pytest.mark.parametrize("harness", KINDS, indirect=True)
that_can_fail = pytest.mark.parametrize("harness", [kind for kind in KINDS if "udp" not in kind], indirect=True)
over_http = pytest.mark.parametrize(
    "harness", [kind for kind in KINDS if kind.startswith(("splunk", "elastic"))], indirect=True
)


def all_accepted(outcome: Outcome) -> bool:
    return not outcome.rejected and not outcome.retry


def test_every_variant_is_of_a_destination() -> None:
    """No entry is left over from a destination that is gone or has another name."""
    assert set(VARIANTS) <= set(TYPES)


@every
def test_accepted_rows_arrive_once_and_unaltered(harness: Harness) -> None:
    """Every accepted row is at the other end once, hostile text and all."""
    frame = rows(500)
    for chunk in chunks(harness.destination, frame):
        assert all_accepted(harness.destination.send(chunk))
    arrived = harness.arrived(500)
    assert Counter(arrived) == Counter(lines_by_id(frame).items())


@every
def test_wrap_keeps_the_rows_apart(harness: Harness) -> None:
    """`wrap` gives one text a row, and none for none."""
    frame = rows(40)
    wrapped = harness.destination.wrap(frame, harness.destination.format(frame))
    assert len(wrapped) == 40
    assert wrapped.null_count() == 0
    single = [
        bytes(body(harness.destination.wrap(frame[n : n + 1], harness.destination.format(frame[n : n + 1]))))
        for n in range(40)
    ]
    assert b"".join(single) == bytes(body(wrapped))
    assert len(harness.destination.wrap(frame[:0], harness.destination.format(frame[:0]))) == 0


@every
def test_wrap_looks_at_no_other_columns_than_are_named(harness: Harness) -> None:
    """`WRAPPED` is enough for it, and rows that have nulls are wrapped as rows without the column are."""
    optional = {
        "leakline.service": "event_log_file",
        "event.kind": "alert",
        "event.severity": 73,
        "event.provider": "Login",
    }
    frame = rows(6).with_columns(pl.lit(value).alias(name) for name, value in optional.items())
    lines = harness.destination.format(frame)
    wrapped = harness.destination.wrap(frame, lines)
    assert harness.destination.wrap(frame.select(name for name in WRAPPED if name in frame.columns), lines).equals(
        wrapped
    )
    bare = frame[:3].select("@timestamp", "event.id", "event.dataset", "message")
    parts = FrameParts.of(bare, frame[3:])
    apart = [
        line
        for first, part in parts.numbered()
        for line in harness.destination.wrap(part, lines[first : first + part.height])
    ]
    assert harness.destination.wrap(parts.select(WRAPPED), lines).to_list() == apart


@every
def test_wrap_manages_without_optional_columns(harness: Harness) -> None:
    """A row with only what every shaped frame has, and no readable time, is sent like any other."""
    frame = rows(3).select("@timestamp", "event.id", "event.dataset", "message")
    frame = frame.with_columns(frame["@timestamp"].shift(-3))
    assert frame["@timestamp"].null_count() == 3
    assert all_accepted(harness.destination.send(one_chunk(harness.destination, frame)))
    assert Counter(harness.arrived(3)) == Counter(lines_by_id(frame).items())


@that_can_fail
def test_a_dead_other_side_is_unavailable_and_recovers(harness: Harness) -> None:
    """While the other side is down nothing is said to be accepted; afterwards the same object delivers."""
    harness.destination.send(one_chunk(harness.destination, rows(5)))
    harness.arrived(5)
    assert harness.down is not None
    assert harness.up is not None
    harness.down()
    later = rows(5, first=5)
    for _ in range(2):
        with pytest.raises(Unavailable):
            harness.destination.send(one_chunk(harness.destination, later))
    harness.up()
    assert all_accepted(harness.destination.send(one_chunk(harness.destination, later)))
    assert set(harness.arrived(10)) == set(lines_by_id(rows(10)).items())


@over_http
def test_a_lost_answer_acknowledges_nothing(harness: Harness) -> None:
    """When the connection dies after the rows were taken, they are sent again with the same ids."""
    assert harness.lose_next_answer is not None
    chunk = one_chunk(harness.destination, rows(5))
    if harness.destination.name == "splunk":
        harness.destination.send(one_chunk(harness.destination, rows(1, first=99)))
    harness.lose_next_answer()
    with pytest.raises(Unavailable):
        harness.destination.send(chunk)
    assert all_accepted(harness.destination.send(chunk))
    assert {i for i, _ in harness.arrived(5)} >= {event_id(number) for number in range(5)}


@every
def test_a_row_that_is_too_long_is_refused_before_sending(harness: Harness) -> None:
    """Where the settings say so, rows above `max_row_bytes` are refused with the reason; the others arrive."""
    frame = rows(12)
    harness.destination.limits = replace(harness.destination.limits, max_row_bytes=1500, too_long="dead_letter")
    settled = Delivery(harness.destination, threading.Event(), lambda: 0.0).deliver(
        one_chunk(harness.destination, frame), 0
    )
    assert [row for row, _ in settled.refused] == [10]
    assert "1500" in settled.refused[0][1]
    assert settled.acknowledged == 11
    assert {i for i, _ in harness.arrived(11)} == {event_id(number) for number in range(12) if number != 10}


@every
@pytest.mark.parametrize("kind", ["event", "alert"])
def test_a_row_that_is_too_long_is_shortened(harness: Harness, kind: str) -> None:
    """A row above `max_row_bytes` arrives with less of its longest text, an alert whatever the settings say."""
    frame = rows(12).with_columns(pl.lit(kind).alias("event.kind"))
    too_long: TooLong = "shorten" if kind == "event" else "dead_letter"
    harness.destination.limits = replace(harness.destination.limits, max_row_bytes=1500, too_long=too_long)
    settled = Delivery(harness.destination, threading.Event(), lambda: 0.0).deliver(
        one_chunk(harness.destination, frame), 0
    )
    assert (settled.refused, settled.acknowledged) == ([], 12)
    arrived = dict(harness.arrived(12))
    whole = lines_by_id(frame)
    assert {i for i, line in arrived.items() if line != whole[i]} == {event_id(10)}
    assert re.fullmatch("x+…", json.loads(arrived[event_id(10)])["message"])


@every
def test_probe_is_content_and_writes_nothing(harness: Harness) -> None:
    """`probe` finds nothing wrong with a healthy other side, and leaves nothing there."""
    findings = list(harness.destination.probe())
    assert findings
    assert [finding for finding in findings if not finding.ok and not finding.warning] == []
    assert all(harness.destination.name in finding.subject for finding in findings)
    assert harness.arrived(0) == []


@that_can_fail
def test_probe_tells_of_a_dead_other_side(harness: Harness) -> None:
    """`probe` of a dead other side ends with a finding that is not ok and says what to look at."""
    assert harness.down is not None
    harness.down()
    findings = list(harness.destination.probe())
    assert not findings[-1].ok
    assert findings[-1].fix


@every
def test_the_search_names_the_event(harness: Harness) -> None:
    """`how_to_find` shows a search with the event's id in it."""
    assert event_id(1) in harness.destination.how_to_find(event_id(1))


@every
def test_close_is_clean(harness: Harness) -> None:
    """Closing, even twice, loses nothing that was accepted."""
    harness.destination.send(one_chunk(harness.destination, rows(200)))
    harness.destination.close()
    harness.destination.close()
    assert Counter(harness.arrived(200)) == Counter(lines_by_id(rows(200)).items())
