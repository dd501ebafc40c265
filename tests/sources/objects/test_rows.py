"""Which rows of which objects come, under which ids, and how often the org is asked for them."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from agent.errors import Forbidden, LimitExceeded
from agent.normalize.vendor_identity import identify_named
from agent.sources.object_query import object_reader
from agent.sources.objects import settings as kinds
from tests.sources.objects import object_rows as rows
from tests.sources.objects.conftest import RowReader


def test_what_is_compared_as_a_whole_comes_beside_rows(reader: RowReader) -> None:
    """Once an hour, by its difference from the last look."""
    reader.settings = kinds.ProvisioningSettings(type="provisioning")
    reader.hold(*rows.PROVISIONING)
    source = reader.loop.new_source()
    reader.poll(source)
    reader.add(rows.REQUESTS, reader.ago(minutes=5))
    granted = {"AssigneeId": "005000000000001AAA", "PermissionSetId": "0PS000000000001AAA"}
    reader.org.objects["PermissionSetAssignment"] = [
        dict.fromkeys(rows.GRANTS.fields) | granted | {"Id": "0Pa000000000001AAA"}
    ]
    found = []
    for minutes in (5, 50, 5):
        reader.clock.advance(minutes=minutes)
        batches = [batch for batch in reader.poll(source) if batch.source == "provisioning" and batch.frame.height]
        found.append([batch.event_type for batch in batches])
    assert found == [["UserProvisioningRequest"], [], ["PermissionSetAssignment"]]
    assert reader.loop.batches[-1].cursor == reader.loop.cursor


def test_the_audit_trail_is_read_from_a_day_ago_on(reader: RowReader) -> None:
    """Each row by its id, with related fields under their path, every cell a text."""
    old, new = reader.add(rows.AUDIT_TRAIL, reader.ago(hours=25), reader.ago(hours=23), **{"CreatedBy.Name": "Ann"})
    (batch,) = [batch for batch in reader.poll() if batch.source == "setup_audit_trail"]
    assert (reader.names([batch]), batch.event_type) == ([new], "SetupAuditTrail")
    assert old not in reader.names([batch])
    assert (
        batch.frame["event.id"].to_list() == identify_named(batch.frame["Id"], batch.org, "SetupAuditTrail").to_list()
    )
    assert (
        batch.frame.row(0, named=True).items()
        >= {
            "CreatedDate": "2026-06-30T13:00:00.000Z",
            "CreatedBy.Name": "Ann",
            "Section": None,
        }.items()
    )
    assert batch.once is not None
    assert batch.once.keep > timedelta(hours=24, minutes=10)


def test_a_row_that_becomes_visible_late_is_taken_once(reader: RowReader) -> None:
    """Within the overlap, by a poll that reads it again and takes what is new."""
    reader.add(rows.AUDIT_TRAIL, reader.ago(minutes=5))
    reader.poll()
    reader.clock.advance(minutes=1)
    (late,) = reader.add(rows.AUDIT_TRAIL, reader.ago(minutes=21))
    batches = reader.poll()
    assert reader.names(batches) == [late]
    assert sum(batch.duplicates for batch in batches) == 1


def test_each_state_of_a_request_is_a_row(reader: RowReader) -> None:
    """Of an object whose rows change: the same one again is none."""
    reader.settings = kinds.ProvisioningSettings(type="provisioning")
    reader.hold(*rows.PROVISIONING)
    reader.add(rows.REQUESTS, reader.ago(minutes=5), State="New")
    (request,) = reader.org.objects["UserProvisioningRequest"]
    states = []
    for state in ("New", "New", "Completed", "Completed"):
        if request["State"] != state:
            request |= {"State": state, "SystemModstamp": rows.written(reader.clock())}
        requests = [batch for batch in reader.poll() if batch.event_type == "UserProvisioningRequest"]
        states += [value for batch in requests for value in batch.frame["State"]]
        reader.clock.advance(minutes=5)
    assert states == ["New", "Completed"]


def test_where_nothing_is_new_a_poll_is_one_call_for_each_object(reader: RowReader) -> None:
    """Which objects there are, and their fields, is asked for every six hours."""
    reader.settings = kinds.EventLogObjectSettings(type="event_log_object")
    reader.hold(rows.LOGIN_LOG, rows.RowShape("UriEventLog", "Timestamp", "Uri", rows.EVENT_LOG))
    source = reader.loop.new_source()
    calls = []
    for _ in range(3):
        before = reader.org.api_calls
        reader.poll(source)
        calls.append(reader.org.api_calls - before)
        reader.clock.advance(minutes=5)
    assert calls == [5, 2, 2]
    reader.clock.advance(hours=6)
    before = reader.org.api_calls
    reader.poll(source)
    assert reader.org.api_calls - before == 5


def test_only_time_and_id_are_filtered_and_sorted(reader: RowReader) -> None:
    """The audit trail refuses Display and Section, logins refuse Status."""
    reader.add(rows.AUDIT_TRAIL, reader.ago(hours=1))
    reader.poll()
    (query,) = reader.asked()
    assert query.partition(" WHERE ")[2] == (
        "CreatedDate >= 2026-06-30T12:00:00.000Z AND CreatedDate < 2026-07-01T12:05:00.000Z ORDER BY CreatedDate ASC, Id ASC"
    )


def test_a_forgotten_next_page_goes_on_from_the_last_row(reader: RowReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the same poll; nothing comes twice."""
    monkeypatch.setattr(object_reader, "PAGE", 3)
    reader.org.page, reader.org.stale_locators = 3, 2
    times = [reader.ago(hours=1, seconds=-(number // 4)) for number in range(12)]
    names = reader.add(rows.AUDIT_TRAIL, *times)
    batches = reader.poll()
    assert reader.names(batches) == names
    assert sum(batch.duplicates for batch in batches) == 0
    assert len(reader.asked()) == 3


def test_a_used_up_allowance_ends_the_poll(reader: RowReader) -> None:
    """It is the org's and no object's: the source fails, and reads on where it was."""
    (name,) = reader.add(rows.AUDIT_TRAIL, reader.ago(hours=1))
    refusal = (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}])
    reader.org.status = {"query": refusal, "listing": refusal}
    with pytest.raises(LimitExceeded):
        reader.poll()
    assert reader.loop.batches == []
    reader.org.status = {}
    assert reader.names(reader.poll()) == [name]


@pytest.mark.parametrize("spelling", ["My_Object__c", "my_object__C"])
def test_any_object_is_read_as_the_org_spells_it(reader: RowReader, spelling: str) -> None:
    """Also its fields, and an own name for what changes."""
    reader.settings = kinds.ObjectSettings(type="object", object=spelling, fields=["name", "owner.NAME"])
    (name,) = reader.add(rows.CUSTOM_ROWS, reader.ago(hours=1), **{"Owner.Name": "Ann"})
    (batch,) = [batch for batch in reader.poll() if batch.source == "object"]
    assert (reader.names([batch]), batch.event_type) == ([name], "My_Object__c")
    assert batch.frame["owner.NAME"].to_list() == ["Ann"]
    names = batch.frame.select(pl.concat_str("Id", "SystemModstamp", separator="/")).to_series()
    named = identify_named(names, batch.org, "My_Object__c")
    assert batch.frame["event.id"].to_list() == named.to_list()


@pytest.mark.parametrize("name", ["My_Thing__b", "my_thing__B"])
def test_a_big_object_is_refused_with_what_to_do(name: str) -> None:
    """Its index, which no describe tells, decides what a query may ask."""
    with pytest.raises(ValueError, match=r"is a big object, which cannot be read by time; .* custom object"):
        kinds.ObjectSettings(type="object", object=name, fields=["Name"])


def test_all_event_log_objects_are_read(reader: RowReader) -> None:
    """But for one that is none; rows without ids by their cells, equal ones each, and each once."""
    reader.settings = kinds.EventLogObjectSettings(type="event_log_object")
    other = rows.RowShape("UriEventLog", "Timestamp", "Uri", rows.EVENT_LOG)
    reader.hold(rows.LOGIN_LOG, other, rows.RowShape("IdpEventLog", "Timestamp", "Uri", rows.EVENT_LOG))
    names = reader.add(rows.LOGIN_LOG, reader.ago(hours=1), reader.ago(hours=1), reader.ago(minutes=1))
    reader.org.objects["LoginEventLog"].append(dict(reader.org.objects["LoginEventLog"][-1]))
    assert sorted(reader.names(reader.poll())) == sorted([*names, names[-1]])
    assert [query.partition(" FROM ")[2].split()[0] for query in reader.asked()] == ["LoginEventLog", "UriEventLog"]
    assert reader.names(reader.poll()) == []


def test_an_org_without_event_log_objects_is_an_error_with_what_to_do(reader: RowReader) -> None:
    reader.settings = kinds.EventLogObjectSettings(type="event_log_object")
    with pytest.raises(Forbidden, match="View Event Log Object Data"):
        reader.poll()
