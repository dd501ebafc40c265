"""What an org hides, lacks or takes away is told once with what to do, and its end too; no row is lost by it."""

from __future__ import annotations

from typing import Any

import pytest

from agent.errors import Forbidden
from agent.problem_kinds import KINDS
from agent.sources.objects import settings as kinds
from agent.sources.objects.catalogue import watched_objects
from tests.sources.objects import object_rows as rows
from tests.sources.objects.conftest import MISSING_TYPE, RowReader


def without(shape: rows.RowShape, *hidden: str) -> dict[str, Any]:
    return {name: kind for name, kind in shape.fields.items() if name not in hidden}


def test_hidden_fields_are_left_out_and_told_once(reader: RowReader) -> None:
    """Rows come without them; it is over when they can be seen."""
    reader.org.tables["SetupAuditTrail"] = without(rows.AUDIT_TRAIL, "DelegateUser", "CreatedByIssuer")
    reader.add(rows.AUDIT_TRAIL, reader.ago(hours=1))
    batches = reader.poll()
    ((action, message),) = reader.own(batches)
    assert (action, KINDS[action].over) == ("fields-hidden", "fields-visible")
    assert message.startswith("SetupAuditTrail is read without DelegateUser and CreatedByIssuer, hidden")
    assert len(reader.names(batches)) == 1
    assert reader.own(reader.poll()) == []
    reader.hold(rows.AUDIT_TRAIL)
    assert [action for action, _ in reader.own(reader.poll())] == ["fields-visible"]


def test_a_required_field_that_is_hidden_is_named_with_the_permission(reader: RowReader) -> None:
    """The source fails, for it reads nothing else; each poll looks again."""
    (name,) = reader.add(rows.AUDIT_TRAIL, reader.ago(hours=1))
    reader.org.tables["SetupAuditTrail"] = without(rows.AUDIT_TRAIL, "Action")
    source = reader.loop.new_source()
    with pytest.raises(Forbidden, match=r"SetupAuditTrail\.Action is hidden.*View Setup and Configuration"):
        reader.poll(source)
    assert [action for action, _ in reader.own(reader.loop.batches)] == ["object-not-read"]
    reader.hold(rows.AUDIT_TRAIL)
    batches = reader.poll(source)
    assert (reader.names(batches), [action for action, _ in reader.own(batches)]) == ([name], ["object-read"])


def test_an_object_that_is_missing_is_told_and_others_are_read(reader: RowReader) -> None:
    """With the permission that the user needs."""
    reader.settings = kinds.ProvisioningSettings(type="provisioning")
    reader.hold(*rows.PROVISIONING[1:])
    (name,) = reader.add(rows.REQUEST_LOGS, reader.ago(hours=1))
    batches = reader.poll()
    ((action, message),) = [told for told in reader.own(batches) if told[0] != "snapshot-baseline"]
    assert (action, reader.names(batches)) == ("object-not-read", [name])
    assert message.startswith("UserProvisioningRequest is not read")
    assert message.endswith("give the user the permission Manage Users")
    reader.hold(rows.REQUESTS)
    (late,) = reader.add(rows.REQUESTS, reader.ago(hours=2))
    batches = reader.poll()
    assert (reader.names(batches), [action for action, _ in reader.own(batches)]) == ([late], ["object-read"])


@pytest.mark.parametrize(
    ("settings", "hidden", "seen"),
    [
        (kinds.ProvisioningSettings(type="provisioning"), (rows.REQUESTS, rows.REQUEST_LOGS), rows.PROVISIONING[2:]),
        (kinds.SessionsSettings(type="sessions"), rows.SESSIONS[:1], rows.SESSIONS[1:]),
    ],
    ids=["provisioning", "sessions"],
)
def test_looks_go_on_where_no_rows_can_be_read(
    reader: RowReader,
    settings: kinds.AnyObjectSettings,
    hidden: tuple[rows.RowShape, ...],
    seen: tuple[rows.RowShape, ...],
) -> None:
    """The problem of each object is open until its rows are read, and names the source, so that its status is not good."""
    reader.settings = settings
    reader.hold(*seen)
    for _ in range(2):
        reader.poll()
        reader.clock.advance(hours=2)
    told = [batch for batch in reader.loop.batches if [a for a, _ in reader.own([batch])] == ["object-not-read"]]
    assert [batch.input for batch in told] == [f"acme/{settings.type} {shape.object}" for shape in hidden]
    assert {action for action, _ in reader.own(reader.loop.batches)} == {"object-not-read", "snapshot-baseline"}
    reader.hold(*hidden)
    assert [action for action, _ in reader.own(reader.poll())] == ["object-read"] * len(hidden)


def test_a_permission_that_is_lost_and_comes_back_loses_nothing(reader: RowReader) -> None:
    """Rows of the days in between are read then."""
    source = reader.loop.new_source()
    names = reader.add(rows.AUDIT_TRAIL, reader.ago(hours=1))
    reader.poll(source)
    reader.org.status = {"query": MISSING_TYPE, "listing": MISSING_TYPE}
    for _ in range(3):
        reader.clock.advance(hours=20)
        names += reader.add(rows.AUDIT_TRAIL, reader.ago(hours=3))
        with pytest.raises(Forbidden, match="View Setup and Configuration"):
            reader.poll(source)
    reader.org.status = {}
    reader.poll(source)
    assert reader.names(reader.loop.batches) == names
    assert [action for action, _ in reader.own(reader.loop.batches)] == ["object-not-read", "object-read"]


def test_a_refusal_that_quotes_other_times_is_told_once(reader: RowReader) -> None:
    """An org's words have the query in them, which asks for other times in each poll."""
    reader.poll()
    told = []
    for number in range(3):
        error = {"errorCode": "INVALID_TYPE", "message": f"WHERE CreatedDate >= 2026-07-01T0{number}:00:00.000Z ERROR"}
        reader.org.status = {"query": (400, [error]), "listing": (400, [error])}
        with pytest.raises(Forbidden):
            reader.poll()
        told = reader.own(reader.loop.batches)
    assert [action for action, _ in told] == ["object-not-read"]


def test_a_field_that_goes_in_mid_life_is_left_out_within_the_poll(reader: RowReader) -> None:
    """The query is refused, the fields are asked for anew, and what is there is read."""
    source = reader.loop.new_source()
    reader.poll(source)
    reader.org.tables["SetupAuditTrail"] = without(rows.AUDIT_TRAIL, "DelegateUser")
    (name,) = reader.add(rows.AUDIT_TRAIL, reader.ago(minutes=1))
    batches = reader.poll(source)
    assert (reader.names(batches), [action for action, _ in reader.own(batches)]) == ([name], ["fields-hidden"])


def test_a_related_field_that_is_hidden_is_left_out(reader: RowReader) -> None:
    """No describe of the object tells of it, but the refusal does."""
    shown = rows.AUDIT_TRAIL.fields
    reader.org.tables["SetupAuditTrail"] = {name: kind for name, kind in shown.items() if name != "CreatedBy.Username"}
    (name,) = reader.add(rows.AUDIT_TRAIL, reader.ago(minutes=1))
    batches = reader.poll()
    assert reader.names(batches) == [name]
    assert "CreatedBy.Name" in reader.loop.batches[-1].frame.columns
    ((action, message),) = reader.own(batches)
    assert (action, "without CreatedBy.Username," in message) == ("fields-hidden", True)


def test_own_and_related_fields_that_are_hidden_at_once_cost_no_pass(reader: RowReader) -> None:
    """The org refuses one after the other; nothing is told as not read."""
    reader.hold(rows.AUDIT_TRAIL)
    source = reader.loop.new_source()
    reader.poll(source)
    reader.org.tables["SetupAuditTrail"] = without(rows.AUDIT_TRAIL, "Section", "CreatedBy.Username")
    (name,) = reader.add(rows.AUDIT_TRAIL, reader.ago(minutes=1))
    batches = reader.poll(source)
    assert reader.names(batches) == [name]
    assert [action for action, _ in reader.own(batches)] == ["fields-hidden", "fields-hidden"]


def test_a_question_that_is_always_refused_costs_two_calls(reader: RowReader) -> None:
    """The fields are the same when they are asked for anew: no second query."""
    source = reader.loop.new_source()
    reader.settings = kinds.LoginHistorySettings(type="login_history")
    reader.hold(rows.LOGINS)
    source = reader.loop.new_source()
    reader.poll(source)
    refusal = (400, [{"errorCode": "INVALID_FIELD", "message": "field 'LoginTime' can not be filtered"}])
    reader.org.status = {"query": refusal}
    before = reader.org.api_calls
    with pytest.raises(Exception, match="can not be filtered"):
        reader.poll(source)
    assert reader.org.api_calls - before == 2


def test_names_that_the_org_does_not_have_are_told(reader: RowReader) -> None:
    """Of an event log object beside others, and of the only object of a source, which fails."""
    reader.settings = kinds.EventLogObjectSettings(type="event_log_object", objects=["LoginEventLog", "NoEventLog"])
    (name,) = reader.add(rows.LOGIN_LOG, reader.ago(hours=1))
    batches = reader.poll()
    ((action, message),) = reader.own(batches)
    assert (reader.names(batches), action) == ([name], "object-not-read")
    assert message.startswith("NoEventLog is not read: the org has no such object that this user can see")
    reader.settings = kinds.ObjectSettings(type="object", object="No_Object__c", fields=["Name"])
    with pytest.raises(Forbidden, match=r"No_Object__c: the org has no such object .* Read on No_Object__c"):
        reader.poll()


@pytest.mark.parametrize("name", [name for name, watched in watched_objects().items() if watched.never])
def test_secrets_are_never_selected(reader: RowReader, name: str) -> None:
    """Whatever the org describes, also where the settings or a path lead to the object; settings may not name them."""
    never = watched_objects()[name].never
    fields = {
        **rows.typed(watched_objects()[name].fields),
        **dict.fromkeys(never, "string"),
        "SystemModstamp": "datetime",
    }
    shape = rows.RowShape(name, "SystemModstamp", "Id", fields)  # type: ignore[arg-type]
    log = rows.RowShape("TokenEventLog", "Timestamp", "Uri", {**rows.EVENT_LOG, **dict.fromkeys(never, "string")})
    reader.hold(shape, log)
    for secret in never:
        with pytest.raises(ValueError, match="is a secret and is never read"):
            kinds.ObjectSettings(type="object", object="My_Object__c", fields=[f"Token__r.{secret.lower()}"])
    for settings in (
        kinds.ObjectSettings(type="object", object=name, fields=["AppName"]),
        kinds.ObjectSettings.model_construct(
            type="object", object=name, fields=["AppName", *never], time_field="SystemModstamp"
        ),
        kinds.EventLogObjectSettings(type="event_log_object"),
        kinds.ProvisioningSettings(type="provisioning"),
        kinds.SessionsSettings(type="sessions"),
    ):
        reader.settings = settings
        reader.loop.cursor = None
        try:
            reader.poll()
        except Forbidden:
            continue
    queries = reader.asked()
    assert {name, "TokenEventLog"} <= {query.partition(" FROM ")[2].split()[0] for query in queries}
    assert not [query for query in queries for secret in never if secret.lower() in query.lower()]


def test_rows_are_not_read_by_a_text(reader: RowReader) -> None:
    """The field and what to write are named, in place of the org's own words about a query."""
    reader.settings = kinds.ObjectSettings(type="object", object="My_Object__c", time_field="Name", fields=["Id"])
    reader.hold(rows.CUSTOM_ROWS)
    with pytest.raises(Forbidden, match=r"My_Object__c\.Name is a string and not a date-time.*SystemModstamp"):
        reader.poll()
    assert [action for action, _ in reader.own(reader.loop.batches)] == ["object-not-read"]
