"""What is stored of a backfill, and what of a time is still to be read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agent.daemon.backfill.span import BackfillSpan
from agent.errors import LeaklineError, SourceError
from agent.model import Cursor
from agent.sources.history.job import BackfillJob, HistoryPosition
from agent.sources.history.past import DAY, days
from agent.sources.history.read_times import joined, spans_of, without
from agent.sources.object_query.span import Span

JOB = BackfillJob("1", DAY // 2, 3 * DAY, calls=7, rows=100, begins={"Login": 5})
NOW = datetime(2026, 3, 5, 12, 34, tzinfo=UTC)


def test_a_time_is_cut_at_midnights() -> None:
    """Its first and last days may be parts of days."""
    assert JOB.slices == [Span(DAY // 2, DAY), Span(DAY, 2 * DAY), Span(2 * DAY, 3 * DAY)]
    assert days(Span(DAY, DAY)) == []


def test_a_job_and_its_position_are_read_back() -> None:
    """As they were stored."""
    position = HistoryPosition("1").at("event_log_file", "inner", 5, 2).behind("event_log_file").next_day()
    assert BackfillJob.decode(JOB.encode()) == JOB
    assert HistoryPosition.of(position.cursor, "1") == position
    assert (position.slice, position.rows, position.calls, position.inner) == (1, 5, 2, None)


def test_a_position_of_another_job_is_none() -> None:
    """A new backfill begins at its begin."""
    assert HistoryPosition.of(HistoryPosition("1", slice=4).cursor, "2") == HistoryPosition("2")


@pytest.mark.parametrize("text", ["", "[]", '{"version": 9}', '{"version": 1, "job": "1", "else": 2}'])
def test_what_a_newer_version_stored_is_refused(text: str) -> None:
    """And not read as something else."""
    with pytest.raises(SourceError):
        HistoryPosition.of(Cursor(text), "1")
    with pytest.raises(SourceError):
        BackfillJob.decode(text.encode())


@pytest.mark.parametrize(
    ("done", "left"),
    [
        ([], [Span(10, 20)]),
        ([Span(0, 10), Span(20, 30)], [Span(10, 20)]),
        ([Span(0, 12)], [Span(12, 20)]),
        ([Span(12, 14), Span(13, 16)], [Span(10, 12), Span(16, 20)]),
        ([Span(5, 25)], []),
    ],
)
def test_what_is_read_is_not_read_again(done: list[Span], left: list[Span]) -> None:
    """Of a time that overlaps with another that was read, the rest is left."""
    assert without(Span(10, 20), done) == left


def test_times_that_touch_are_one() -> None:
    """So that a year of days is one entry."""
    stored = joined([Span(0, 10), Span(30, 40)], Span(10, 20))
    assert spans_of(stored) == [Span(0, 20), Span(30, 40)]
    assert spans_of(b"{}") == spans_of(b"nothing") == []


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("2026-03-01", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00+00:00"),
        ("2d", "2026-03-03T12:00:00+00:00"),
    ],
)
def test_a_time_is_a_day_a_moment_or_an_age(text: str, since: str) -> None:
    """All of them in UTC."""
    assert BackfillSpan.of(text, "", NOW) == BackfillSpan(since, "")


def test_another_text_is_no_time() -> None:
    """What to write is said."""
    with pytest.raises(LeaklineError, match="--until 'yesterday' is not a time: write it as 2026-03-01"):
        BackfillSpan.of("2d", "yesterday", NOW)
