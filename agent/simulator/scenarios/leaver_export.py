"""Somebody who has given notice takes a few lists and files along."""

from __future__ import annotations

from agent.simulator.world.actions import download_file, export_report
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage


def plant(stage: Stage) -> None:
    """In working hours, from the office, three lists and eight files: nothing that another person could not do."""
    leaver = stage.staff.leaving[0]
    session = stage.session(leaver, stage.at_hour(16) + 12 * 60_000, 40, stage.own_address(leaver))
    stage.login(session)
    for number in range(3):
        export_report(stage, session, 90 + number * 240, 540_000 + number, stage.number(900, 2_600, "rows", number))
    for number in range(8):
        download_file(stage, session, 900 + number * 70, 430_000 + number, stage.number(50_000, 4_000_000, number))
    stage.tell(
        "ListViewEvent", session, 1_500, Name="All accounts", QueriedEntities="Account", RowsProcessed=1_860.0, Sequence=1,
        ColumnHeaders="[Account Name, Phone]", EventSource="Lightning", Scope="everything",
    )  # fmt: skip


SCENARIO = Scenario(
    "leaver_export",
    "a person who has given notice exports three lists and downloads eight files",
    plant,
    signals=("ReportExport, ContentTransfer by a person on the list of leavers",),
)
