"""What a judge expects of events that are only stored."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from tests.end_to_end.broken_stream.broken_day import BEGIN, BrokenDay
from tests.end_to_end.broken_stream.stream_judge import expected_events


def test_stored_events_are_expected_before_anybody_asks(tmp_path: Path) -> None:
    """An hour's events that are only stored are missing until a poll that began after the hour has brought them."""
    with closing(BrokenDay(tmp_path, rows_per_day=6_000, event_types=("Login",))) as day:
        day.settle()
        day.kill()
        day.hours(8)
        begin = round(BEGIN.timestamp() * 1000)
        expected = expected_events(day.org.id, day.org.stream_truth.path).values()
        assert [time for event, time in expected if event == "IdentityVerificationEvent" and time >= begin]
        assert "IdentityVerificationEvent" in {event for event, _, _ in day.verdict().lost}
        day.start()
        day.settle()
