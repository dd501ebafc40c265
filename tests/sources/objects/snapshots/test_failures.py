"""A look of which anything is missing or odd has no effect but that it is reported."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from agent.errors import LimitExceeded, TransportError
from agent.sources.objects.snapshots import look, look_reader
from agent.sources.salesforce.session import Session
from tests.sources.objects.snapshots.conftest import SnapshotReader

Counted = Callable[[Session, str], tuple[int, list[Mapping[str, Any]]]]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look_reader, "PAGE", 4)


def bend(monkeypatch: pytest.MonkeyPatch, change: Callable[[str, int, list[Any]], tuple[int, list[Any]]]) -> None:
    """Let what the org answers to a query arrive otherwise: the query, what it counts and gives, to what arrives."""
    plain = Session.counted

    def counted(session: Session, soql: str) -> tuple[int, list[Mapping[str, Any]]]:
        return change(soql, *plain(session, soql))

    monkeypatch.setattr(Session, "counted", counted)


def test_a_page_that_fails_ends_the_look(
    reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch, small_pages: None
) -> None:
    """Nothing is revoked, though half of the records were not read; the next pass looks again at once."""
    reader.give(*range(20))
    reader.look()
    reader.take(2)

    def fail(soql: str, total: int, records: list[Any]) -> tuple[int, list[Any]]:
        if "Id > " in soql:
            raise TransportError("503")
        return total, records

    with monkeypatch.context() as patch:
        bend(patch, fail)
        with pytest.raises(TransportError):
            reader.look()
    assert reader.differences(reader.look(after=timedelta())) == [("revoked", 2)]


def test_an_org_that_refuses_calls_ends_the_pass(reader: SnapshotReader) -> None:
    """The allowance of calls is everybody's: it is no fault of the object."""
    reader.give(1)
    reader.look()
    message = {"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}
    reader.org.status = {"query": (403, [message])}
    with pytest.raises(LimitExceeded):
        reader.look()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda soql, total, records: (total, records[:2]), "that the org announced came 2"),
        (lambda soql, total, records: (-1, records), "of -1 records"),
        (lambda soql, total, records: (total, [*records[:-1], {}]), "without a readable Id"),
        (lambda soql, total, records: (total, [*records[:-1], records[0]]), "came twice"),
    ],
    ids=["cut", "uncounted", "nameless", "twice"],
)
def test_an_answer_that_is_not_whole(
    reader: SnapshotReader,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[str, int, list[Any]], tuple[int, list[Any]]],
    reason: str,
) -> None:
    """It is reported once, and nothing follows from it; it is tried again after ten minutes."""
    reader.give(*range(9))
    reader.look()
    reader.take(3)
    with monkeypatch.context() as patch:
        bend(patch, change)
        batches = reader.look()
        assert reason in reader.own(batches)["snapshot-failed"]
        assert reader.rows(batches) == []
        assert reader.look(after=timedelta(minutes=9)) == []
        assert reader.own(reader.look(after=timedelta(minutes=1))) == {}
    batches = reader.look()
    assert reader.differences(batches) == [("revoked", 3)]
    assert list(reader.own(batches)) == ["snapshot-taken"]


def test_a_count_that_differs(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where much is missing the org is asked how many there are: if it counts more than it gave, the look is none."""
    reader.give(*range(60))
    reader.look()
    bend(monkeypatch, lambda soql, total, records: (60 if "COUNT" in soql else total, records))
    reader.take(*range(30))
    batches = reader.look()
    assert "the org counts 60 records and gave 30" in reader.own(batches)["snapshot-failed"]
    assert reader.rows(batches) == []


def test_a_baseline_is_whole(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look is held to the org's count as well: what it lacks would be granted later."""
    reader.give(*range(60))
    with monkeypatch.context() as patch:
        bend(patch, lambda soql, total, records: (90 if "COUNT" in soql else total, records))
        assert list(reader.own(reader.look())) == ["snapshot-failed"]
    assert set(reader.own(reader.look())) == {"snapshot-baseline", "snapshot-taken"}


def test_more_records_than_calls(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch, small_pages: None) -> None:
    """The calls of a look are bounded, and an object that needs more is reported."""
    monkeypatch.setattr(look_reader, "CALLS", 3)
    reader.give(*range(12))
    assert "has more records than 3 calls give" in reader.own(reader.look())["snapshot-failed"]
    assert len(reader.asked()) == 3


def test_more_bytes_than_fit(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a look holds in memory is bounded."""
    monkeypatch.setattr(look, "MOST_BYTES", 1000)
    reader.give(*range(12))
    assert list(reader.own(reader.look())) == ["snapshot-failed"]


def test_an_answer_that_takes_too_long(reader: SnapshotReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller pages are asked for; where they do not help either, the look is none."""
    reader.give(*range(9))
    reader.org.status = {"query": (400, [{"errorCode": "QUERY_TIMEOUT", "message": "too long"}])}
    assert list(reader.own(reader.look())) == ["snapshot-failed"]
    assert [query.rpartition(" ")[2] for query in reader.asked()] == ["2000", "500", "125", "50"]
    reader.org.status = {}
    assert set(reader.own(reader.look())) == {"snapshot-baseline", "snapshot-taken"}


def test_a_locator_that_is_stale(reader: SnapshotReader) -> None:
    """An org that parts a page and forgets the rest of it: the look is none, and no field is left out for it."""
    reader.org.page = 4
    reader.give(*range(9))
    reader.look()
    reader.org.stale_locators = 1
    reader.give(20)
    assert list(reader.own(reader.look())) == ["snapshot-failed"]
    (row,) = reader.rows(reader.look())
    assert row["Assignee.Username"] == "user0@acme.example"
