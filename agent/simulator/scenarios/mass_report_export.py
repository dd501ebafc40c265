"""An insider exports a dozen large reports at night, from home."""

from __future__ import annotations

from agent.simulator.scenarios.findings import found
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

REPORTS = 12


def plant(stage: Stage) -> None:
    """Every export is a Report row with its rendering and row count, and a ReportExport row of the same request."""
    insider = stage.person("Sales", "DE")
    session = stage.session(insider, stage.at_hour(1) + 4 * 60_000, 50, stage.address("home", 0, insider.country))
    stage.login(session)
    for number in range(REPORTS):
        after = 60 + number * 210 + stage.number(0, 60, "pause", number)
        report = short_id("Report", 500_000 + number * 91)
        request, rows = stage.request(number), stage.number(12_000, 160_000, "rows", number)
        stage.leave(
            "Report", session, after, REQUEST_ID=request, URI=f"/lightning/r/Report/{long_id(report)}/view",
            URI_ID_DERIVED=long_id(report), REPORT_ID=report, REPORT_ID_DERIVED=long_id(report), ROW_COUNT=str(rows),
            RENDERING_TYPE="X" if number % 3 else "C", DISPLAY_TYPE="S", ORIGIN="ReportExported", REQUEST_STATUS="S",
            ENTITY_NAME=("Contact", "Account", "Opportunity", "Lead")[number % 4], RUN_TIME=str(900 + rows // 9),
        )  # fmt: skip
        stage.leave(
            "ReportExport", session, after + 0.4, REQUEST_ID=request, URI=f"/{report}", URI_ID_DERIVED=long_id(report),
            REPORT_DESCRIPTION=("All customers", "Pipeline by region", "")[number % 3],
        )  # fmt: skip
    found(
        stage, "ReportAnomalyEvent", session, 1_500, 92.0, "Report was exported with an unusually large number of rows",
        data={"rowCount": 150_000, "autonomousSystem": "home network"}, Report=long_id(short_id("Report", 500_000)),
    )  # fmt: skip


SCENARIO = Scenario(
    "mass_report_export",
    "an insider exports twelve large reports at night, from home",
    plant,
    signals=(
        "Report: RENDERING_TYPE X or C, ORIGIN ReportExported, ROW_COUNT of 10,000 or more",
        "ReportExport between 22:00 and 05:00 UTC",
        "ReportExport from an address that is not the company's",
    ),
    patterns=("twelve different reports exported by one user within an hour",),
)
