"""A custom permission that switches off a check is put into a permission set, which a person gets."""

from __future__ import annotations

from agent.simulator.records.permission_sets import PERMISSION_SETS
from agent.simulator.scenarios.configuration.admin_session import USERS, AdminSession
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

SET = 10


def plant(stage: Stage) -> None:
    """The set is one of the org's."""
    admin = AdminSession.at(stage, 11)
    what = f"Changed permission set {PERMISSION_SETS[SET]}: Bypass Export Approval custom permission is enabled"
    admin.change(120, "SetupEntityAccessAudit_PermissionSet_CustomPermission_Enabled", USERS, what)
    admin.grant(180, stage.person("Finance", "US"), SET)


SCENARIO = Scenario(
    "custom_permission_granted",
    "a custom permission is put into a permission set and the set goes to a person",
    plant,
    signals=("SetupAuditTrail: SetupEntityAccessAudit_PermissionSet_CustomPermission_Enabled",),
    patterns=("the permission, then a new PermissionSetAssignment of its set",),
)
