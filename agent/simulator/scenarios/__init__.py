"""The leaks that can be planted: one module for each, named as it is."""

from __future__ import annotations

from agent.simulator.scenarios import (
    data_loader_pull,
    guest_scraping,
    list_view_scraping,
    login_as_export,
    mass_file_download,
    mass_report_export,
    stolen_token,
)
from agent.simulator.scenarios.stage import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        mass_report_export.SCENARIO,
        data_loader_pull.SCENARIO,
        stolen_token.SCENARIO,
        mass_file_download.SCENARIO,
        list_view_scraping.SCENARIO,
        guest_scraping.SCENARIO,
        login_as_export.SCENARIO,
    )
}
"""Name to scenario, in the order in which they are told about."""
