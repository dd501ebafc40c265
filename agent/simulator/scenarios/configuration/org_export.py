"""All of the org's data is asked for as an export, and fetched when it is ready."""

from __future__ import annotations

from agent.simulator.scenarios.configuration.admin_session import AdminSession
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

FILES = 6


def plant(stage: Stage) -> None:
    """The request in the audit trail; half an hour later the archives, one by one."""
    admin = AdminSession.at(stage, 18, 90)
    admin.change(75, "export", "Data Export", "Requested an export")
    stage.leave(
        "URI", admin.session, 60, URI="/ui/setup/export/DataExportPage/d", URI_ID_DERIVED="", REQUEST_STATUS="S"
    )
    for number in range(FILES):
        uri = f"/servlet/servlet.OrgExport?fileName=WE_00D_{number + 1}.ZIP"
        stage.leave("URI", admin.session, 1_900 + number * 95, URI=uri, URI_ID_DERIVED="", REQUEST_STATUS="S")


SCENARIO = Scenario(
    "org_export",
    "an administrator requests an export of all data and fetches its six archives",
    plant,
    signals=("SetupAuditTrail: export", "URI: /servlet/servlet.OrgExport"),
)
