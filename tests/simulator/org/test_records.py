"""Records as time goes by: what can be seen when, and by whom."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.simulator.api.catalogue import tables
from agent.simulator.api.filters.soql import SoqlError
from agent.simulator.log_files.log_file import rest_time
from agent.simulator.records.record_kind import record_kinds
from agent.simulator.records.tokens import SECRET
from agent.simulator.world.faults import Faults
from tests.simulator.org.conftest import MakeOrg, RecordOrg, moment

HOURS_OF_WORK = 10
EVERY = sorted(record_kinds())


@pytest.mark.parametrize("entity", EVERY)
def test_each_object_has_rows_and_each_row_its_fields(plain: RecordOrg, entity: str) -> None:
    """Every field that is described can be asked for; ids are unique and have 18 characters."""
    fields = list(tables(plain.org, "66.0")[entity.lower()].fields)
    rows = plain.ask(f"SELECT {', '.join(fields)} FROM {entity}")  # noqa: S608
    assert rows
    assert len({row["Id"] for row in rows}) == len(rows)
    assert {len(row["Id"]) for row in rows} == {18}
    assert any(value for row in rows for name, value in row.items() if name not in ("Id", "attributes"))


def test_the_same_seed_has_the_same_records(make: MakeOrg) -> None:
    """In an org made again, whatever was asked before; another seed has others."""
    first, second, other = make(name="first"), make(name="second"), make(name="other", seed=8)
    for entity in EVERY:
        assert first.ids(entity) == second.ids(entity)
    assert not first.ids("SetupAuditTrail") & other.ids("SetupAuditTrail")


@pytest.mark.parametrize(
    "entity", ["SetupAuditTrail", "LoginHistory", "VerificationHistory", "UserProvisioningLog", "Invoice__c"]
)
def test_rows_come_as_the_clock_goes_on(make: MakeOrg, entity: str) -> None:
    """None is from the future, and what was there stays."""
    org = make()
    field = record_kinds()[entity].time or "CreatedDate"
    before = org.ids(entity, all_rows=True)
    org.move(hours=HOURS_OF_WORK)
    rows = org.ask(f"SELECT Id, {field} FROM {entity}", all_rows=True)  # noqa: S608
    assert before < {row["Id"] for row in rows}
    assert max(moment(row[field]) for row in rows) <= org.org.now()


@pytest.mark.parametrize("entity", ["PermissionSetAssignment", "OauthToken", "AuthSession"])
def test_snapshots_gain_and_lose(make: MakeOrg, entity: str) -> None:
    """Within a week some records have come and others have gone; queryAll does not bring them back."""
    org = make(rows_per_day=500, event_types=["Login"])
    before = org.ids(entity)
    org.move(days=7)
    after = org.ids(entity)
    assert after - before
    assert before - after
    assert org.ids(entity, all_rows=True) == after


def test_deleted_records_are_in_the_recycle_bin(make: MakeOrg) -> None:
    """`queryAll` has them with IsDeleted and the stamp of their end, `query` has not."""
    org = make(history=timedelta(days=4), rows_per_day=200)
    org.move(days=1)
    live, everything = org.ids("Invoice__c"), org.ids("Invoice__c", all_rows=True)
    assert live < everything
    gone = org.ask("SELECT Id, Name, CreatedDate, SystemModstamp FROM Invoice__c WHERE IsDeleted = true", all_rows=True)
    assert {row["Id"] for row in gone} == everything - live
    assert all(row["Name"] and row["SystemModstamp"] > row["CreatedDate"] for row in gone)


def test_a_request_moves_on_and_its_stamp_with_it(make: MakeOrg) -> None:
    """New, Requested, Completed: one record, whose SystemModstamp is later each time; the log has a row a step."""
    org, ahead = make(name="org", rows_per_day=200), make(name="ahead", rows_per_day=200)
    ahead.move(hours=8)
    versions = ahead.org.records.versions("UserProvisioningRequest")
    started = int(org.now.timestamp() * 1000)
    ident = next(
        version.id for version in versions if version.time > started and (version.values or {})["State"] == "New"
    )
    steps = [version for version in versions if version.id == ident]
    assert [(step.values or {})["State"] for step in steps] == ["New", "Requested", "Completed"]
    for number, step in enumerate(steps):
        org.move(milliseconds=step.time - int(org.now.timestamp() * 1000))
        (row,) = org.ask(f"SELECT Id, State, SystemModstamp FROM UserProvisioningRequest WHERE Id = '{ident}'")  # noqa: S608
        assert (row["State"], row["SystemModstamp"]) == ((step.values or {})["State"], rest_time(step.time))
        logged = f"SELECT Id FROM UserProvisioningLog WHERE UserProvisioningRequestId = '{ident}'"  # noqa: S608
        assert len(org.ask(logged)) == number + 1


def test_late_rows_keep_their_time(make: MakeOrg) -> None:
    """A third is late by minutes, with the CreatedDate that it would have had."""
    org, prompt = make(history=timedelta(hours=12), name="late"), make(history=timedelta(hours=12), name="prompt")
    org.fault(late_rows_seconds=3600, late_rows_of="SetupAuditTrail,PermissionSetAssignment")
    missing = prompt.ids("SetupAuditTrail") - org.ids("SetupAuditTrail")
    assert org.ids("LoginHistory") == prompt.ids("LoginHistory")
    org.move(hours=5)
    prompt.move(hours=5)
    late = prompt.ids("SetupAuditTrail") - org.ids("SetupAuditTrail")
    org.move(hours=1)
    assert late | missing
    assert prompt.ids("SetupAuditTrail") <= org.ids("SetupAuditTrail")


def test_what_a_user_may_not_see(make: MakeOrg) -> None:
    """Hidden fields are unknown, hidden objects too, from the moment on at which the permission is lost; others are empty."""
    org = make(history=timedelta(hours=2))
    org.fault(
        hidden_fields="SetupAuditTrail.DelegateUser, OauthToken", hidden_after_seconds=600, empty_objects="LoginHistory"
    )
    assert org.ids("OauthToken")
    assert org.ids("LoginHistory") == set()
    assert org.ask("SELECT DelegateUser FROM SetupAuditTrail") is not None
    org.move(seconds=600)
    with pytest.raises(SoqlError) as caught:
        org.ask("SELECT DelegateUser FROM SetupAuditTrail")
    assert caught.value.code == "INVALID_FIELD"
    assert "oauthtoken" not in tables(org.org, "66.0")


def test_what_each_licence_has(make: MakeOrg) -> None:
    """The free org has audit trail and logins, no policies and no event log objects; those can be off alone, too."""
    org = make(history=timedelta(hours=1))

    def shown(**values: object) -> set[str]:
        org.org.faults = Faults()
        org.fault(**values)
        return set(tables(org.org, "66.0"))

    everything, free = shown(), shown(free_only=True)
    assert {"setupaudittrail", "loginhistory"} <= free
    assert not {"transactionsecuritypolicy", "logineventlog"} & free
    assert {"transactionsecuritypolicy", "logineventlog", "loginevent"} <= everything
    assert everything - shown(no_event_log_objects="LoginEventLog") == {"logineventlog"}
    assert not any(name.endswith("eventlog") for name in shown(no_event_log_objects="all"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id FROM LoginHistory WHERE Status = 'Success'", "INVALID_FIELD"),
        ("SELECT Id FROM SetupAuditTrail WHERE CreatedByContext = 'x'", "INVALID_FIELD"),
        ("SELECT MAX(CreatedDate) FROM SetupAuditTrail", "MALFORMED_QUERY"),
        ("SELECT Id FROM OauthToken WHERE AccessToken = 'x'", "INVALID_FIELD"),
        ("SELECT Assignee.Shoe FROM PermissionSetAssignment", "INVALID_FIELD"),
    ],
)
def test_what_objects_refuse(plain: RecordOrg, text: str, code: str) -> None:
    """Filters and aggregates as Salesforce refuses them."""
    with pytest.raises(SoqlError) as caught:
        plain.ask(text)
    assert caught.value.code == code


def test_secrets_can_be_recognised(plain: RecordOrg) -> None:
    """Whoever selects a token's secret has something in the hand that a test can look for."""
    rows = plain.ask("SELECT Id, AppName, AccessToken, RequestToken, DeleteToken FROM OauthToken")
    assert all(row[name].startswith(SECRET) for row in rows for name in ("AccessToken", "RequestToken", "DeleteToken"))


def test_related_fields_come_nested(plain: RecordOrg) -> None:
    """Those of two relations, each with the object that it leads to."""
    (row, *_) = plain.ask("SELECT Assignee.Username, PermissionSet.Name FROM PermissionSetAssignment")
    assert row["Assignee"]["attributes"]["type"] == "User"
    assert "@" in row["Assignee"]["Username"]
    assert row["PermissionSet"]["attributes"]["type"] == "PermissionSet"


def test_a_window_and_a_cursor_find_what_the_whole_has(plain: RecordOrg) -> None:
    """Rows are made for the window that a condition leaves: none of them is missing, with ties read by (time, Id)."""
    rows = plain.ask("SELECT Id, CreatedDate FROM SetupAuditTrail ORDER BY CreatedDate, Id")
    middle = rows[len(rows) // 2]
    at = middle["CreatedDate"].replace("+0000", "Z")
    where = f"CreatedDate > {at} OR (CreatedDate = {at} AND Id > '{middle['Id']}')"
    later = plain.ask(f"SELECT Id FROM SetupAuditTrail WHERE {where} ORDER BY CreatedDate, Id")  # noqa: S608
    assert [row["Id"] for row in later] == [row["Id"] for row in rows[len(rows) // 2 + 1 :]]
    negated = plain.ask(f"SELECT Id FROM SetupAuditTrail WHERE NOT CreatedDate > {at}")  # noqa: S608
    assert len(negated) == sum(row["CreatedDate"] <= middle["CreatedDate"] for row in rows)
