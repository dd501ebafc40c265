"""Stored events beside a stream: what it brings is not asked for, what it missed is, and what cannot be had is told."""

from __future__ import annotations

from datetime import datetime

import orjson
import polars as pl
import pytest

from agent.problem_kinds import KINDS
from agent.sources.object_query import object_reader
from agent.sources.object_query.span import milliseconds
from tests.sources.reader import RecalledKeys
from tests.sources.stored_events.conftest import StoredReader


@pytest.fixture
def stored(stored: StoredReader) -> StoredReader:
    """With a stream that has covered nothing yet, and is compared with nothing."""
    stored.stream = RecalledKeys()
    stored.settings = {"reconcile": False}
    return stored


def cover(stored: StoredReader, event: str, begin: datetime, end: datetime) -> None:
    assert stored.stream is not None
    stored.stream[f"covered/{event}"] = orjson.dumps([[milliseconds(begin), milliseconds(end)]])


def miss(stored: StoredReader, event: str, begin: datetime, end: datetime) -> None:
    assert stored.stream is not None
    gap = {"from": milliseconds(begin), "to": milliseconds(end), "filled": []}
    stored.stream[f"gap/{event}/{milliseconds(begin)}"] = orjson.dumps(gap)


def test_what_is_streamed_is_not_asked_for(stored: StoredReader) -> None:
    """What is stored only is."""
    stored.store("LoginEvent", stored.ago(hours=1))
    (verified,) = stored.store("IdentityVerificationEvent", stored.ago(hours=1))
    cover(stored, "LoginEvent", stored.ago(hours=2), stored.ago(minutes=1))
    assert stored.names(stored.poll()) == [verified]
    assert [query.split()[0] for query in stored.asked()] == ["IdentityVerificationEvent"]


def test_a_stream_that_is_silent_is_replaced_from_where_it_was(stored: StoredReader) -> None:
    """After a quarter of an hour; when it speaks again nothing more is asked."""
    stored.store("LoginEvent", stored.ago(hours=20))
    (missed,) = stored.store("LoginEvent", stored.ago(minutes=10))
    cover(stored, "LoginEvent", stored.ago(hours=24), stored.ago(minutes=16))
    assert stored.names(stored.poll()) == [missed]
    cover(stored, "LoginEvent", stored.ago(hours=24), stored.ago(minutes=1))
    stored.asked()
    stored.poll()
    assert stored.asked() == []


def test_a_gap_of_a_stream_is_filled_once(stored: StoredReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over several polls where it is long; its end is told."""
    monkeypatch.setattr(object_reader, "PAGE", 3)
    names = stored.store("LoginEvent", *(stored.ago(hours=80, minutes=-number) for number in range(60)))
    stored.store("LoginEvent", stored.ago(hours=100), stored.ago(hours=70))
    cover(stored, "LoginEvent", stored.ago(hours=90), stored.ago(minutes=1))
    miss(stored, "LoginEvent", stored.ago(hours=80), stored.ago(hours=75))
    batches = [batch for _ in range(5) for batch in stored.poll()]
    assert sorted(stored.names(batches)) == sorted(names)
    ((action, message),) = stored.own(batches)
    assert action == "event-gap-filled"
    assert "from 2026-06-28 04:00:00 to 2026-06-28 09:00:00 UTC" in message
    stored.asked()
    stored.poll()
    assert stored.asked() == []


def test_what_cannot_be_filled_is_told_with_its_bounds(stored: StoredReader) -> None:
    """An event without an object, and an object in which nothing is stored: once, in one event."""
    stored.store("LoginEvent", stored.ago(minutes=5))
    stored.store("LogoutEvent")
    for event in ("LockoutEvent", "LogoutEvent"):
        cover(stored, event, stored.ago(hours=90), stored.ago(minutes=1))
        miss(stored, event, stored.ago(hours=80), stored.ago(hours=75))
    ((action, message),) = stored.own(stored.poll())
    assert action in KINDS
    assert message == (
        "events are missing: LockoutEvent from 2026-06-28 04:00:00 to 2026-06-28 09:00:00 UTC (LockoutEvent is not among the "
        "stored events that are read); LogoutEvent from 2026-06-28 04:00:00 to 2026-06-28 09:00:00 UTC (nothing is stored in "
        "LogoutEvent)"
    )
    assert stored.own(stored.poll()) == []


def test_one_gap_that_cannot_be_filled_is_told_with_its_bounds(stored: StoredReader) -> None:
    """Its event has the names and times in fields of their own."""
    stored.store("LogoutEvent")
    cover(stored, "LogoutEvent", stored.ago(hours=90), stored.ago(minutes=1))
    miss(stored, "LogoutEvent", stored.ago(hours=80), stored.ago(hours=75))
    (frame,) = [batch.frame for batch in stored.poll() if batch.event_type == "Agent" and batch.frame.height]
    (row,) = frame.to_dicts()
    assert row["event.action"] == "event-gap"
    assert row["salesforce.real_time_event.name"] == "LogoutEvent"
    assert row["leakline.gap_hours"] == 5


def test_what_cannot_be_filled_is_told_although_others_are_filled(stored: StoredReader) -> None:
    """Whoever is killed before it is told does not forget it: what comes before does not commit that it is done."""
    stored.store("LoginEvent", stored.ago(hours=78))
    stored.store("LogoutEvent")
    for event in ("ApiEvent", "LockoutEvent", "LoginEvent", "LogoutEvent"):
        cover(stored, event, stored.ago(hours=90), stored.ago(minutes=1))
        miss(stored, event, stored.ago(hours=80), stored.ago(hours=75))
    batches = stored.poll()
    assert [action for action, _ in stored.own(batches)] == ["event-gap-filled", "event-gap"]
    (told,) = [
        number
        for number, batch in enumerate(batches)
        if batch.frame.height
        and "event-gap" in batch.frame.get_column("event.action", default=pl.Series([""])).to_list()
    ]
    assert all('"gap/LogoutEvent' not in str(batch.cursor) for batch in batches[:told])
    assert '"gap/LogoutEvent' in str(batches[told].cursor)


def test_a_quiet_gap_is_no_loss(stored: StoredReader) -> None:
    """Nothing happened in it, as what is stored before and after shows."""
    stored.store("LoginEvent", stored.ago(hours=90))
    cover(stored, "LoginEvent", stored.ago(hours=90), stored.ago(minutes=1))
    miss(stored, "LoginEvent", stored.ago(hours=80), stored.ago(hours=75))
    assert [action for action, _ in stored.own(stored.poll())] == ["event-gap-filled"]


def test_a_memory_that_cannot_be_read_is_as_none(stored: StoredReader) -> None:
    """The events are read from storage then."""
    assert stored.stream is not None
    (name,) = stored.store("LoginEvent", stored.ago(hours=1))
    stored.stream |= {
        "covered/LoginEvent": b"{}",
        "gap/LoginEvent/1": b"[",
        "gap/LoginEvent/2": b'{"from": 5, "to": 5}',
    }
    assert stored.names(stored.poll()) == [name]
