"""A small org on loopback, with pages so short that every client has to turn them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from agent.simulator.running import RunningOrg, serve
from agent.simulator.world.simulator_settings import SimulatorSettings

PAGE = 5


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOrg]:
    """By the real clock, as the clients go by it; no cells that would break them."""
    settings = SimulatorSettings(
        folder=tmp_path_factory.mktemp("org"), history=timedelta(hours=3), rows_per_day=2000, people=30, scenarios=[],
        delay=(timedelta(0), timedelta(0)), daily_files=False, page_rows=PAGE, awkward=False,
        event_types=("Login", "RestApi", "Report", "ReportExport", "ApiTotalUsage", "URI", "DatabaseSave", "AuraRequest"),
    )  # fmt: skip
    with serve(settings) as running:
        yield running
