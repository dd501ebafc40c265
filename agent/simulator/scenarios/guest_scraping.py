"""A site's guest user is used to read record lists through Aura, at machine speed."""

from __future__ import annotations

from dataclasses import replace

from agent.simulator.scenarios.findings import found
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

CALLS = 420
PROBES = (
    "aura://HostConfigController/ACTION$getConfigData",
    "serviceComponent://ui.force.components.controllers.hostConfig.HostConfigController/ACTION$getConfigData",
)
ITEMS = "serviceComponent://ui.force.components.controllers.lists.selectableListDataProvider.SelectableListDataProviderController/ACTION$getItems"  # fmt: skip
GRAPH = "aura://RecordUiController/ACTION$executeGraphQL"


def plant(stage: Stage) -> None:
    """First the configuration is asked for, then page after page of records, from one rented server."""
    guest = stage.staff.of("guest")[0]
    client = replace(guest.client, user_agent="Mozilla/5.0 (X11; Linux x86_64) AuraScan/2.4")
    session = stage.session(guest, stage.at_hour(23) + 13 * 60_000, 20, stage.address("hosting", 1), client)
    for number, probe in enumerate(PROBES):
        stage.leave("AuraRequest", session, 5 + number, **_cells(probe))
    for number in range(CALLS):
        action = GRAPH if number % 6 == 5 else ITEMS
        stage.leave("AuraRequest", session, 12 + number * 0.6, **_cells(action))
    found(
        stage, "GuestUserAnomalyEvent", session, 200, 79.0, "Guest user requests an unusual number of objects",
        data={"objects": 24}, RequestedEntities="Account,Contact,Lead,Case", TotalControllerEvents=300,
        SoqlCommands="SELECT Id FROM Account",
    )  # fmt: skip


def _cells(action: str) -> dict[str, str]:
    return {"ACTION_MESSAGE": action, "URI": "/s/sfsites/aura", "REQUEST_METHOD": "POST", "REQUEST_STATUS": "S"}


SCENARIO = Scenario(
    "guest_scraping",
    "a site's guest user reads record lists through Aura at machine speed",
    plant,
    signals=(
        "AuraRequest: USER_TYPE Guest, ACTION_MESSAGE getItems of the selectable list controller or executeGraphQL",
        "AuraRequest: USER_TYPE Guest, ACTION_MESSAGE HostConfigController getConfigData",
    ),
    patterns=("more than 200 Aura calls by a guest from one address in five minutes",),
)
