"""An administrator logs in as three people and exports a report as the last of them."""

from __future__ import annotations

from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage


def plant(stage: Stage) -> None:
    """The exports carry the victim's user id and a session of their own, from the administrator's address."""
    admin = stage.staff.of("admin")[1]
    start = stage.at_hour(6) + 5 * 60_000
    ip = stage.address("office", 2)
    session = stage.session(admin, start, 50, ip)
    stage.login(session)
    people = [user for user in stage.staff.of("person") if user.department == "Finance"] or stage.staff.of("person")
    for number, victim in enumerate(people[:3]):
        stage.leave(
            "LoginAs", session, 60 + number * 300, DELEGATED_USER_NAME=victim.username, DELEGATED_USER_ID=victim.id,
            DELEGATED_USER_ID_DERIVED=long_id(victim.id),
        )  # fmt: skip
        stage.change(60 + number * 300, start, admin, "suOrgAdminLogin", "Manage Users", f"Logged in using Login-As access for {victim.username}", victim.username)  # fmt: skip
    victim = people[min(2, len(people) - 1)]
    _open_up(stage, session, long_id(victim.id))
    as_victim = stage.session(victim, start + 662_000, 35, ip, admin.client, "as victim")
    for number in range(4):
        report = short_id("Report", 560_000 + number * 17)
        request, rows = stage.request(number), str(stage.number(10_500, 48_000, "rows", number))
        stage.leave(
            "Report", as_victim, 40 + number * 150, REQUEST_ID=request, REPORT_ID=report, ROW_COUNT=rows,
            REPORT_ID_DERIVED=long_id(report), URI=f"/lightning/r/Report/{long_id(report)}/view", DISPLAY_TYPE="S",
            URI_ID_DERIVED=long_id(report), RENDERING_TYPE="C", ORIGIN="ReportExported", REQUEST_STATUS="S",
        )  # fmt: skip
        stage.leave("ReportExport", as_victim, 40.5 + number * 150, REQUEST_ID=request, URI=f"/{report}", URI_ID_DERIVED=long_id(report))  # fmt: skip


def _open_up(stage: Stage, session: UserSession, victim: str) -> None:
    """A permission set is given all of an object, then rights to see and take everything, and goes to the victim."""
    number = short_id("PermissionSet", 77_000)
    of_set = {"ParentIdList": long_id(number), "ParentNameList": "Quarter Close", "EventSource": "Classic"}
    stage.tell(
        "PermissionSetEvent", session, 20, Operation="PermsEnabled", PermissionType="ObjectPermission", UserCount="0",
        PermissionList="Account: ViewAllRecords, ModifyAllRecords", **of_set,
    )  # fmt: skip
    stage.tell(
        "PermissionSetEvent", session, 40, Operation="AssignedToUsers", PermissionType="UserPermission", UserCount="1",
        PermissionList="ViewAllData, ExportReport", ImpactedUserIds=victim, **of_set,
    )  # fmt: skip


SCENARIO = Scenario(
    "login_as_export",
    "an administrator logs in as three people and exports reports as one of them",
    plant,
    signals=(
        "LoginAs, and SetupAuditTrail suOrgAdminLogin",
        "Report: RENDERING_TYPE C, ORIGIN ReportExported, ROW_COUNT of 10,000 or more",
    ),
    patterns=(
        "one administrator logging in as three users within an hour",
        "a login as another user, then an export as them",
    ),
)
