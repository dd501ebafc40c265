"""What `status` says of the trail: in a line, and a line for each destination that could not be asked."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.cli.output.status_parts.trail_lines import trail_lines
from agent.status.trail import CheckpointStatus, MirrorStatus, TrailStatus
from agent.status_document import StateStatus, StatusDocument, decode, encode

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)


def checkpoint(size: int, seconds: float) -> CheckpointStatus:
    return CheckpointStatus(size, NOW - timedelta(seconds=seconds), seconds)


def lines(newest: CheckpointStatus | None, *mirrors: MirrorStatus) -> list[str]:
    document = StatusDocument("0", StateStatus("/state"), True, True, (), trail=TrailStatus(newest, mirrors))
    return [line.plain for line in trail_lines(decode(encode(document)))]


def test_the_newest_checkpoint_and_who_accepted_which() -> None:
    """With their ages, and who gets none."""
    (line,) = lines(
        checkpoint(1_234, 20),
        MirrorStatus("siem", True, checkpoint(1_234, 20)),
        MirrorStatus("archive", True, checkpoint(1_000, 5_400)),
        MirrorStatus("new", True),
        MirrorStatus("events", False, None, "not_askable", "it gets no checkpoints"),
    )
    assert line == (
        "the trail's newest checkpoint covers 1,234 records, from 20 s ago; accepted: siem one from 20 s ago and archive one "
        "from 1.5 h ago; none yet: new; not sent to events"
    )


def test_a_destination_that_could_not_be_asked_has_a_line() -> None:
    """One that only takes events has none: it is so by its protocol."""
    found = lines(
        checkpoint(1, 300),
        MirrorStatus("siem", True, None, "refused", "HTTP 403"),
        MirrorStatus("away", True, None, "unavailable", "no answer"),
        MirrorStatus("hec", True, None, "not_askable", "its protocol only takes events"),
        MirrorStatus("file", True, None, "asked", "", 5),
    )
    assert found == [
        "the trail's newest checkpoint covers 1 record, from 5 min ago; no destination has accepted one",
        "the trail was not compared with what siem holds: HTTP 403",
        "the trail was not compared with what away holds: no answer",
    ]


def test_a_trail_without_a_checkpoint_says_so() -> None:
    """Before the first start."""
    assert lines(None, MirrorStatus("siem", True)) == ["the trail has no checkpoint yet"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s ago"), (89, "89 s ago"), (90, "2 min ago"), (3_600, "1.0 h ago")]
)
def test_ages_in_the_unit_that_fits(seconds: float, text: str) -> None:
    """Where the clock was set back it is ahead."""
    assert f"from {text};" in lines(checkpoint(1, seconds))[0]
    if seconds:
        assert "ahead of the clock;" in lines(checkpoint(1, -seconds))[0]


def test_many_destinations_are_counted() -> None:
    """A line has an end."""
    (line,) = lines(checkpoint(1, 1), *(MirrorStatus(f"d{number}", True, checkpoint(1, 1)) for number in range(9)))
    assert line.count("one from") == 6
    assert "3 more" in line
