"""The contents of a permission set that people have already are widened: nobody is granted anything, all of them can do more."""

from __future__ import annotations

from agent.simulator.records.permission_sets import PERMISSION_SETS, set_id
from agent.simulator.scenarios.configuration.admin_session import USERS, AdminSession
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

SET = 1
"""One that goes with a department."""
PERMISSIONS = (
    ("View All Data", "ViewAllData"),
    ("Export Reports", "ExportReport"),
    ("Weekly Data Export", "DataExport"),
)
"""As the audit trail and as events and fields name them."""


def plant(stage: Stage) -> None:
    """Three rights of users, and everything of an object; each in the audit trail, as an event and in the set's own fields."""
    admin, label = AdminSession.at(stage, 12), PERMISSION_SETS[SET]
    said = f"Changed permission set {label}:"
    fields: dict[str, object] = {"Label": label, "Name": label.replace(" ", "_"), "IsCustom": True, "Type": "Regular"}
    for number, (words, name) in enumerate(PERMISSIONS):
        after = 100 + number * 15
        admin.change(
            after, "PermSetEnableUserPerm", USERS, f"{said} {words} permission was changed from disabled to enabled"
        )
        fields |= {f"Permissions{name}": True}
        stage.keep(after, admin.session.start, "PermissionSet", set_id(SET), fields)
        _tell(stage, admin, after, "UserPermission", name)
    entity = "Account object permissions were changed from Read to Read, Create, Edit, Delete, View All, Modify All"
    admin.change(180, "PermSetEntityPermChanged", USERS, f"{said} {entity}")
    _tell(stage, admin, 180, "ObjectPermission", "Account: ViewAllRecords, ModifyAllRecords")


def _tell(stage: Stage, admin: AdminSession, seconds: float, kind: str, permissions: str) -> None:
    stage.tell(
        "PermissionSetEvent", admin.session, seconds, Operation="PermsEnabled", PermissionType=kind, UserCount="18",
        PermissionList=permissions, ParentIdList=set_id(SET), ParentNameList=PERMISSION_SETS[SET], EventSource="Classic",
    )  # fmt: skip


SCENARIO = Scenario(
    "permission_set_widened",
    "a permission set that people have gets View All Data, exports and all of Account",
    plant,
    signals=("SetupAuditTrail: PermSetEnableUserPerm, PermSetEntityPermChanged", "PermissionSetEvent: PermsEnabled"),
)
