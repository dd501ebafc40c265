"""The setup audit trail: what an ordinary org's says, and that it agrees with what else is told."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from agent.simulator.log_files.log_file import rest_time
from agent.simulator.log_files.truth import read_truth
from agent.simulator.records.everyday_changes import everyday_changes
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import SetupChange
from tests.simulator.org.conftest import MakeOrg, RecordOrg

MONDAY = date(2026, 11, 2)
SENSITIVE = {
    "export", "disableRequireMfa", "eventLogGenerationEnabledOnOff", "sessiongen", "insertApplication",
    "changeIpRelaxationPolicy", "transactionSecurityPolicyEnabledDisabled", "remoteproxy", "owdUpdateStarted",
}  # fmt: skip


@pytest.fixture(scope="module")
def month() -> list[SetupChange]:
    staff = Staff(7, 250)
    return [change for day in range(28) for change in everyday_changes(7, staff, MONDAY + timedelta(days=day))]


def test_an_ordinary_month(month: list[SetupChange]) -> None:
    """Some dozen changes a working day by three administrators, hardly any at weekends, over many kinds of action."""
    days = Counter((change.time // 86_400_000) % 7 for change in month)  # 0 is a Thursday
    assert 100 < len(month) < 500
    assert days[2] + days[3] < len(month) / 10
    assert len({change.action for change in month}) >= 45
    assert 3 <= len({change.user.id for change in month if change.user and change.user.kind == "admin"}) <= 4


def test_nothing_that_rules_take_seriously(month: list[SetupChange]) -> None:
    """What an innocent org does not do does not happen here."""
    assert not SENSITIVE & {change.action for change in month}


def test_rows_are_awkward_as_real_ones_are(month: list[SetupChange]) -> None:
    """A change set's rows share one second; sections may be empty; one administrator's texts are German."""
    assert Counter(change.time for change in month).most_common(1)[0][1] >= 14
    assert any(not change.section for change in month)
    assert any("geändert" in change.display or "zurückgesetzt" in change.display for change in month)


def test_seldom_kinds_are_there_in_a_year() -> None:
    """Changes as somebody else, by an assistant, by Salesforce itself; hostile names only where they are asked for."""
    staff = Staff(7, 250)
    days = [MONDAY + timedelta(days=day) for day in range(365)]
    year = [change for day in days for change in everyday_changes(7, staff, day, awkward=True)]
    assert any(change.delegate for change in year)
    assert any(change.context == "Einstein" for change in year)
    assert any(change.user is None for change in year)
    assert any("\r\n" in change.display for change in year)
    assert not any("\r\n" in change.display for day in days[:90] for change in everyday_changes(7, staff, day))


def test_a_grant_is_told_by_its_row(make: MakeOrg) -> None:
    """Each step of an assignment has its row at its second: given, put off where it has an end, taken back."""
    org = make(rows_per_day=200, people=200, history=timedelta(days=10))
    audited = org.ask("SELECT Action, CreatedDate FROM SetupAuditTrail WHERE Action LIKE 'PermSet%ssign%'")
    told = Counter((row["CreatedDate"], row["Action"].removesuffix("_HasExpiration")) for row in audited)
    steps = []
    known: set[str] = set()
    for version in org.org.records.versions("PermissionSetAssignment"):
        action = "PermSetAssignmentExpirationChange" if version.id in known else "PermSetAssign"
        known.add(version.id)
        if version.time >= org.org.begin:
            steps.append((rest_time(version.time), "PermSetUnassign" if version.values is None else action))
    assert Counter(step for _, step in steps).keys() == {
        "PermSetAssign",
        "PermSetUnassign",
        "PermSetAssignmentExpirationChange",
    }
    assert not Counter(steps) - told


def test_changes_of_permission_sets_agree_with_real_time_events(make: MakeOrg) -> None:
    """A PermissionSetEvent and its row of the audit trail have one second and one permission set."""
    org = make(event_types=["Login", "PermissionUpdate"], rows_per_day=120_000, people=20, history=timedelta(hours=20))
    rows = org.ask("SELECT CreatedDate, Display FROM SetupAuditTrail WHERE Action LIKE 'PermSetE%'")
    events = org.ask("SELECT EventDate, ParentNameList FROM PermissionSetEventStore")
    told = Counter((row["CreatedDate"][:19], row["Display"].split(":")[0]) for row in rows)
    happened = Counter((row["EventDate"][:19], f"Changed permission set {row['ParentNameList']}") for row in events)
    assert happened
    assert not happened - told


def test_logins_are_those_of_log_files(plain: RecordOrg) -> None:
    """The truth has the hidden id of the log-file row for each, failed ones too; the truth of the files knows them."""
    history = plain.ask("SELECT Id, Status, LoginTime, LoginGeoId FROM LoginHistory")
    assert {"Success", "Invalid Password"} <= {row["Status"] for row in history}
    rows = plain.org.records.versions("LoginHistory")
    hour = int(plain.org.now().timestamp() * 1000) // 3_600_000 * 3_600_000
    files = set(read_truth(plain.org.truth)["id"])
    assert {version.row for version in rows if version.time < hour} <= files


def test_event_log_objects_are_twins_of_files(plain: RecordOrg) -> None:
    """LoginEventLog has a login a minute after it happened, hours before its file would be there."""
    rows = plain.ask("SELECT Id, Timestamp, UserIdentifier, LoginStatus FROM LoginEventLog ORDER BY Timestamp")
    newest = plain.org.records.versions("LoginHistory")
    until = int(plain.org.now().timestamp() * 1000) - 60_000
    assert len(rows) == sum(version.time <= until for version in newest)
    assert plain.ask("SELECT COUNT(Id) n FROM LoginEventLog WHERE Timestamp = TODAY")[0]["n"] < len(rows)
