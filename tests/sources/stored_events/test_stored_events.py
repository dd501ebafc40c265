"""Which stored events are read, from when on, and what is told where they cannot be."""

from __future__ import annotations

import orjson
import pytest

from agent.errors import Forbidden, LimitExceeded, SourceError
from agent.model import Cursor
from agent.normalize.vendor_identity import identify_named
from agent.problem_kinds import KINDS
from agent.sources.event_identity import ONCE
from agent.sources.object_query import object_reader
from agent.sources.object_query.position import ObjectPosition, QueryPosition
from agent.sources.real_time.catalogue import SERVICE
from agent.sources.salesforce.budget.settings import ApiBudget
from tests.sources.stored_events.conftest import StoredReader
from tests.sources.stored_events.stored_rows import FIELDS

WITHOUT_TYPE = (400, [{"errorCode": "INVALID_TYPE", "message": "sObject type 'LoginEvent' is not supported."}])


def test_what_the_org_stores_is_read_from_a_day_ago_on(stored: StoredReader) -> None:
    """Big objects and standard ones; each row with the name that its streamed twin has."""
    old, new = stored.store("LoginEvent", stored.ago(hours=25), stored.ago(hours=23))
    (anomaly,) = stored.store("LoginAnomalyEventStore", stored.ago(minutes=1))
    batches = stored.poll()
    assert sorted(stored.names(batches)) == sorted([new, anomaly])
    (logins,) = [batch for batch in batches if batch.event_type == "LoginEvent"]
    assert (logins.source, logins.once) == (SERVICE, ONCE)
    named = identify_named(logins.frame["EventIdentifier"], logins.org, "LoginEvent")
    assert logins.frame["event.id"].to_list() == named.to_list()
    assert logins.frame.select("EventDate", "RowsProcessed", "Id").row(0)[:2] == ("2026-06-30T13:00:00.000Z", "10")
    assert old not in stored.names(batches)


def test_a_row_that_is_stored_late_is_found_once(stored: StoredReader) -> None:
    """Within the overlap, by a poll that reads it again and takes what is new."""
    stored.store("LoginEvent", stored.ago(minutes=10))
    stored.poll()
    stored.clock.advance(minutes=5)
    (late,) = stored.store("LoginEvent", stored.ago(minutes=29))
    batches = stored.poll()
    assert stored.names(batches) == [late]
    assert sum(batch.duplicates for batch in batches) == 1
    assert stored.asked()[-1].startswith("LoginEvent WHERE EventDate >= 2026-07-01T11:30:00.000Z AND EventDate < ")


def test_a_poll_asks_at_most_twelve_times_for_an_event(stored: StoredReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left is read by the next polls, behind what is new; then a poll looks back again for what was stored late."""
    monkeypatch.setattr(object_reader, "PAGE", 3)
    names = stored.store("LoginEvent", *(stored.ago(hours=20, minutes=-number) for number in range(100)))
    found, polls = list[str](), 0
    while len(found) < 100:
        stored.asked()
        found += stored.names(stored.poll())
        assert len(stored.asked()) <= 12
        polls += 1
        names += stored.store("LoginEvent", stored.ago(minutes=4)) if polls == 2 else []
        stored.clock.advance(minutes=5)
    assert polls >= 4
    found += stored.names(stored.poll())
    assert sorted(found) == sorted(names)


def test_an_event_that_is_refused_is_told_once_and_the_others_are_read(stored: StoredReader) -> None:
    """Also its end is told; the problem is one of the kinds that `status` shows."""
    stored.store("LoginEvent", stored.ago(hours=1), fields={"Id": "id", "EventIdentifier": "string"})
    (other,) = stored.store("LogoutEvent", stored.ago(hours=1))
    batches = stored.poll()
    assert stored.names(batches) == [other]
    ((action, message),) = stored.own(batches)
    assert action in KINDS
    assert message.startswith("LoginEvent is not read from storage: acme: the field LoginEvent.EventDate is hidden")
    assert stored.own(stored.poll()) == []
    stored.org.tables["LoginEvent"] = FIELDS
    batches = stored.poll()
    assert len(stored.names(batches)) == 1
    assert [action for action, _ in stored.own(batches)] == [KINDS["event-not-read"].over]


def test_an_event_without_identifier_is_read_and_told(stored: StoredReader) -> None:
    """Its rows are named by their cells, each by others."""
    fields = {name: kind for name, kind in FIELDS.items() if name != "EventIdentifier"}
    stored.store("LoginEvent", stored.ago(hours=1), stored.ago(hours=2), fields=fields)
    batches = stored.poll()
    assert [action for action, _ in stored.own(batches)] == ["event-unnamed"]
    assert sum(batch.frame.height for batch in batches if batch.source == SERVICE) == 2
    assert stored.own(stored.poll()) == []
    stored.org.tables["LoginEvent"] = FIELDS
    assert [action for action, _ in stored.own(stored.poll())] == ["event-named"]


def test_events_that_settings_name_and_the_org_lacks_are_told(stored: StoredReader) -> None:
    """By any of their spellings; others that the org stores are left alone."""
    stored.settings = {"events": ["LoginEventStream", "FileEventStore"]}
    (login,) = stored.store("LoginEvent", stored.ago(hours=1))
    stored.store("LogoutEvent", stored.ago(hours=1))
    batches = stored.poll()
    assert stored.names(batches) == [login]
    ((action, message),) = stored.own(batches)
    assert action == "event-not-read"
    assert "FileEvent is not read from storage: the org does not store it; switch storing on" in message
    stored.settings = {"events": ["LoginEvent"]}
    assert [action for action, _ in stored.own(stored.poll())] == ["event-read"]


def test_an_unknown_event_store_is_read(stored: StoredReader) -> None:
    """Salesforce adds some with each release."""
    (name,) = stored.store("NewThreatEventStore", stored.ago(hours=1))
    assert stored.names(stored.poll()) == [name]


def test_an_org_that_stores_nothing_is_an_error_with_what_to_do(stored: StoredReader) -> None:
    with pytest.raises(Forbidden, match="Event Manager"):
        stored.poll()


def test_where_no_event_can_be_read_the_source_fails(stored: StoredReader) -> None:
    """As with an API that is switched off: told as the source's failure too."""
    stored.store("LoginEvent", stored.ago(hours=1))
    stored.org.status = {"query": WITHOUT_TYPE, "listing": WITHOUT_TYPE}
    with pytest.raises(Forbidden):
        stored.poll()


def test_the_budget_is_heeded(stored: StoredReader) -> None:
    """Above its share nothing is asked but the allowance."""
    stored.store("LoginEvent", stored.ago(hours=1))
    session = stored.make_session(api_budget=ApiBudget(share=0.5).model_dump())
    stored.make_session = lambda: session
    stored.poll()
    stored.org.api_calls = 60_000
    session.limits()
    stored.asked()
    with pytest.raises(LimitExceeded):
        stored.poll()
    assert stored.asked() == []


def test_a_position_is_read_back_as_it_was() -> None:
    """One of another version is refused, with what to do."""
    position = QueryPosition().read("LoginEvent", ObjectPosition(7, 6)).filled("gap/LoginEvent/5", [])
    assert QueryPosition.of(position.cursor) == position
    assert QueryPosition.of(None) == QueryPosition()
    for text in ("", "[]", orjson.dumps({"version": 2}).decode(), '{"version": 1, "events": {"a": 1}, "gaps": {}}'):
        with pytest.raises(SourceError, match="newer Leakline"):
            QueryPosition.of(Cursor(text))
