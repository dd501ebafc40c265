"""Rows that were lost after they had been taken: the same rows, under the ids they had."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import polars as pl
import pytest

from agent.errors import Gone, SourceError, TransportError
from agent.model import Batch
from agent.source import FetchesAgain
from agent.sources.event_log_file import csv_file
from agent.sources.event_log_file.listed_file import ListedFile
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.sources.event_log_file.log_files import hourly
from tests.sources.reader import Reader


def fetch(reader: Reader, *batches: Batch) -> list[Batch]:
    """What the source gives for the rows of `batches`, all of one input."""
    source = reader.source
    assert isinstance(source, FetchesAgain)
    numbers = [batch.row_numbers for batch in batches if batch.row_numbers is not None]
    assert len(numbers) == len(batches)
    return source.fetch_again(batches[0].again, numbers, threading.Event())


def test_every_batch_can_be_had_again(reader: Reader, org: ScriptedOrg, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file in many pieces, with equal rows all over it, each batch comes back as it was, in one download."""
    monkeypatch.setattr(csv_file, "CHUNK_BYTES", 300)
    org.files = [hourly(1, *["a", "b", "b", "c"] * 20)]
    batches = [batch for batch in reader.read() if batch.frame.height]
    assert len(batches) > 3
    monkeypatch.setattr(csv_file, "CHUNK_BYTES", 500)
    again = fetch(reader, *batches[1:])
    for before, after in zip(batches[1:], again, strict=True):
        assert after.frame.equals(before.frame)
        assert (after.org, after.source, after.event_type, after.input, after.created) == (
            before.org,
            before.source,
            before.event_type,
            before.input,
            before.created,
        )
    assert org.calls["log_file"] == 2


def test_rows_taken_from_another_file_are_left_out_again(reader: Reader, org: ScriptedOrg) -> None:
    """Of an increment that repeats rows only those come back that were new, whatever was read since; bad rows neither."""
    org.files = [hourly(1, "a", "b", "b", "c")]
    reader.read()
    second = hourly(2, "b", "d", "a", "b", "b", "e", hours_ago=1, sequence=2)
    second.body = second.body.replace(b'"d"\n', b'"d","too many"\n')
    org.files.append(second)
    (batch,) = reader.read()
    assert batch.row_numbers is not None
    assert batch.row_numbers.to_list() == [5, 6]
    org.files.append(hourly(3, "e", "f", hours_ago=0.5, sequence=3))
    reader.read()
    (again,) = fetch(reader, batch)
    assert again.frame.equals(batch.frame)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda org, file: org.status.update({file.id: (404, [{"errorCode": "NOT_FOUND", "message": "gone"}])}), Gone),
        (lambda org, file: org.status.update({file.id: (503, b"busy")}), TransportError),
        (lambda org, file: org.cut_at.update({file.id: len(file.body) // 2}), TransportError),
    ],
    ids=["missing", "busy", "cut"],
)
def test_what_cannot_be_had_says_why(
    reader: Reader, org: ScriptedOrg, change: Callable[..., object], error: type[SourceError]
) -> None:
    """A file that is gone is no reason to ask again; one that does not arrive whole is."""
    org.gzip = False
    org.files = [hourly(1, "a", "b")]
    (batch,) = reader.read()
    change(org, org.files[0])
    with pytest.raises(error):
        fetch(reader, batch)


def test_a_file_with_fewer_rows_gives_those_it_has(reader: Reader, org: ScriptedOrg) -> None:
    """Whoever asked finds that some are missing."""
    org.files = [hourly(1, "a", "b", "c")]
    (batch,) = reader.read()
    org.files[0].body = org.files[0].body.rsplit(b"\n", 3)[0] + b"\n"
    (again,) = fetch(reader, batch)
    assert again.frame.equals(batch.frame[:1])


def test_the_text_holds_the_whole_file() -> None:
    """What the org listed survives in the spool's entry."""
    now = dt.datetime(2026, 7, 1, 12, tzinfo=dt.UTC)
    listed = ListedFile(now, "0AT1", "Login", "Daily", now, 17, 3)
    assert ListedFile.of_text(listed.text()) == listed


def test_batches_number_their_rows(reader: Reader, org: ScriptedOrg) -> None:
    """A number for each row of the frame, whatever was left out before it."""
    org.files = [hourly(1, "a", "b")]
    (batch,) = reader.read()
    assert batch.row_numbers is not None
    assert batch.row_numbers.equals(pl.Series([1, 2], dtype=pl.Int64))
