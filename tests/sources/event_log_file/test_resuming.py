"""Reading goes on where it stopped, and what is remembered for it is forgotten in time."""

from __future__ import annotations

import threading

import polars as pl
import pytest

from agent.errors import SourceError
from agent.model import Cursor
from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg, csv_of
from tests.sources.event_log_file.log_files import HOUR, hourly, many, rows
from tests.sources.reader import START, Clock, Reader


@pytest.mark.parametrize("stop_after", [1, 2, 5])
def test_reading_resumes_inside_a_file(reader: Reader, org: ScriptedOrg, small_pieces: None, stop_after: int) -> None:
    """After a stop at any batch, reading goes on at the next row, and nothing is read twice."""
    file = many(1, 300)
    file.body += csv_of("Login", rows("same", "same")).split(b"\n", 1)[1]
    org.files = [file, many(2, 20)]
    while reader.read(stop_after=stop_after):
        reader.restart()
    assert reader.rows()[:300] == [f"1-{n}-{'x' * 40}" for n in range(300)]
    assert reader.rows()[300:302] == ["same", "same"]
    assert len(reader.rows()) == 322
    assert reader.duplicates == 0
    assert len(reader.batches) > 10


def test_rows_keep_when_their_file_was_first_seen(
    reader: Reader, org: ScriptedOrg, clock: Clock, small_pieces: None
) -> None:
    """A file that is read on after a stop has one `event.created`; so has a row that is fetched again a day later."""
    org.files = [many(1, 300)]
    begun = clock()
    while reader.read(stop_after=2):
        clock.advance(hours=1)
        reader.restart()
    assert len(reader.batches) > 3
    assert {batch.created for batch in reader.batches} == {begun}
    again = reader.batches[-1].again
    clock.advance(hours=24)
    (batch,) = reader.source.fetch_again(again, [pl.Series([5])], threading.Event())
    assert (batch.created, batch.frame.height) == (begun, 1)


def test_a_file_replaced_while_it_was_half_read_is_not_doubled(
    reader: Reader, org: ScriptedOrg, small_pieces: None
) -> None:
    """The new version is read from its first row, and its rows that were taken are left out."""
    org.files = [many(1, 100)]
    reader.read(stop_after=3)
    before = len(reader.rows())
    org.files[0].created += HOUR
    reader.restart()
    reader.read()
    assert sorted(reader.rows()) == sorted(f"1-{n}-{'x' * 40}" for n in range(100))
    assert reader.duplicates == before > 0


def test_an_earlier_file_between_stop_and_resume_does_no_harm(
    reader: Reader, org: ScriptedOrg, small_pieces: None
) -> None:
    """A file that shows up late and comes first does not make the half-read one double or lose rows."""
    org.files = [many(5, 100)]
    reader.read(stop_after=3)
    org.files.append(hourly(1, "late", hours_ago=3))
    reader.restart()
    reader.read()
    assert sorted(reader.rows()) == sorted([*(f"5-{n}-{'x' * 40}" for n in range(100)), "late"])


@pytest.mark.parametrize("text", ["", "nonsense", "{}", '{"version": 99}', '{"version": 1, "since": 5}', "[]", "null"])
def test_a_cursor_that_is_garbage_is_said_to_be(reader: Reader, text: str) -> None:
    """A damaged cursor is an error with a way out, not a fresh start."""
    reader.cursor = Cursor(text)
    with pytest.raises(SourceError, match=r"cursor.*backup"):
        reader.read()


def test_what_is_remembered_is_forgotten_in_time(reader: Reader, org: ScriptedOrg, clock: Clock) -> None:
    """Known files and taken ids do not pile up."""
    for n in range(30):
        created = START + n * 12 * HOUR
        clock.time = created + HOUR
        body = csv_of("Login", rows(f"row {n}"))
        org.files.append(ScriptedFile(f"0AT{n:015}", created, created - 3 * HOUR, body))
        reader.read()
    assert reader.rows() == [f"row {n}" for n in range(30)]
    assert len([k for k in reader.memory if k.startswith("known/")]) <= 10
    assert len([k for k in reader.memory if k.startswith("taken/")]) <= 15
