"""What the scenarios of Setup leave, planted from the start and while the org runs."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from agent.simulator.records.record_truth import read_record_truth
from agent.simulator.scenarios.configuration import CONFIGURATION
from tests.simulator.org.conftest import MakeOrg, RecordOrg

LEAVES: dict[str, dict[str, set[str]]] = {
    "role_changed": {"SetupAuditTrail": {"row"}},
    "custom_permission_granted": {"SetupAuditTrail": {"row"}, "PermissionSetAssignment": {"granted"}},
    "permission_set_widened": {"SetupAuditTrail": {"row"}, "PermissionSet": {"changed"}},
    "unlogged_grant": {"PermissionSetAssignment": {"granted"}},
    "provisioning_failed": {"UserProvisioningRequest": {"written"}, "UserProvisioningLog": {"written"}},
    "unapproved_app_token": {"OauthToken": {"granted"}, "LoginHistory": {"row"}},
    "bulk_soft_delete": {"Invoice__c": {"written", "deleted"}, "LoginHistory": {"row"}},
    "setup_guard_lowered": {"SetupAuditTrail": {"row"}, "TransactionSecurityPolicy": {"changed"}},
    "org_export": {"SetupAuditTrail": {"row"}},
    "setup_sweep": {"SetupAuditTrail": {"row"}},
}
OF_LOGINS = {"LoginHistory", "LoginGeo", "AuthSession", "VerificationHistory"}


def left(org: RecordOrg, name: str) -> dict[str, set[str]]:
    """Object to the changes that the truth has of a scenario."""
    org.org.write_record_truth()
    lines = read_record_truth(org.org.record_truth).filter(pl.col("scenario") == name)
    return {entity: set(lines.filter(object=entity)["change"]) for entity in lines["object"].unique()}


def test_the_names_are_fixed() -> None:
    """Rules and their samples are named after them."""
    assert set(CONFIGURATION) == set(LEAVES)


@pytest.mark.parametrize("name", LEAVES)
def test_each_leaves_its_records(eventful_setup: RecordOrg, name: str) -> None:
    """Rows, grants and changes under its name, and no others but those of logins."""
    found = left(eventful_setup, name)
    assert {entity: found.get(entity) for entity in LEAVES[name]} == LEAVES[name]
    assert found.keys() - LEAVES[name].keys() <= OF_LOGINS


@pytest.mark.parametrize("name", LEAVES)
def test_each_can_be_planted_while_the_org_runs(make: MakeOrg, name: str) -> None:
    """It begins now: nothing of it is in the past, all of it is there when its time has passed."""
    org = make(history=timedelta(hours=2), rows_per_day=200)
    started = int(org.now.timestamp() * 1000)
    plant = org.org.plant(name, 30)
    assert all(version.time >= started for version in plant.records)
    org.move(seconds=40)
    found = left(org, name)
    assert {entity: found.get(entity) for entity in LEAVES[name]} == LEAVES[name]
    audited = {version.id for version in plant.records if version.entity == "SetupAuditTrail"}
    assert audited <= org.ids("SetupAuditTrail")


def test_an_unlogged_grant_is_in_no_log(eventful_setup: RecordOrg) -> None:
    """The record is there; the audit trail has no row of that set for that person."""
    assignments = eventful_setup.ask(
        "SELECT Id, SystemModstamp, PermissionSet.Label, Assignee.Name FROM PermissionSetAssignment"
    )
    versions = eventful_setup.org.records.versions("PermissionSetAssignment")
    (ident,) = [version.id for version in versions if version.scenario == "unlogged_grant"]
    (row,) = [assignment for assignment in assignments if assignment["Id"] == ident]
    said = f"Permission set {row['PermissionSet']['Label']}: assigned to user {row['Assignee']['Name']}"
    assert not any(said in change["Display"] for change in eventful_setup.org.setup_changes())


def test_a_widened_set_is_told_once_in_each_way(eventful_setup: RecordOrg) -> None:
    """Four rows of the audit trail and four events at the same seconds: events that the scenario tells of get no second row."""
    versions = [version for version in eventful_setup.org.records.versions("SetupAuditTrail") if version.scenario == "permission_set_widened"]  # fmt: skip
    events = eventful_setup.ask("SELECT EventDate, PermissionList FROM PermissionSetEventStore")
    assert len(versions) == 4
    assert sum("ViewAllData" in row["PermissionList"] for row in events) == 1


def test_two_accounts_of_one_person(eventful_setup: RecordOrg) -> None:
    """A failed request that was tried again and one that was not, and two completed Creates of one person."""
    versions = eventful_setup.org.records.versions("UserProvisioningRequest")
    states = [dict(version.values or {}) for version in versions if version.scenario == "provisioning_failed"]
    assert sum(state["State"] == "Failed" for state in states) == 3
    done = [state["SalesforceUserId"] for state in states if state["State"] == "Completed"]
    assert len(done) == 2
    assert len(set(done)) == 1
