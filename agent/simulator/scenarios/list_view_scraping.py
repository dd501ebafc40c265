"""A contractor pages through every list view with a browser helper."""

from __future__ import annotations

from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

PAGES = 260
OBJECTS = ("Account", "Contact", "Lead", "Opportunity", "Case")
ACTION = "aura://ListUiController/ACTION$postListRecordsByName"


def plant(stage: Stage) -> None:
    """Each page is a Lightning page view and the Aura call that loads its rows."""
    person = stage.person("Operations", "IN")
    session = stage.session(person, stage.at_hour(18) + 9 * 60_000, 40, stage.address("mobile", 0, person.country))
    stage.login(session)
    for number in range(PAGES):
        name = OBJECTS[number * len(OBJECTS) // PAGES]
        url = f"/lightning/o/{name}/list?filterName=All&page={number % 52 + 1}"
        stage.leave(
            "LightningPageView", session, 30 + number * 2.2, PAGE_URL=url, PAGE_ENTITY_TYPE=name, PAGE_ENTITY_ID="",
            PAGE_CONTEXT="force:objectHome", DURATION=str(stage.number(90, 300, "page", number)),
        )  # fmt: skip
        stage.leave("AuraRequest", session, 30.6 + number * 2.2, ACTION_MESSAGE=ACTION, REQUEST_STATUS="S")


SCENARIO = Scenario(
    "list_view_scraping",
    "a contractor pages through 260 list views in ten minutes",
    plant,
    signals=(),
    patterns=("more than 50 list views by one user within ten minutes, at even distances",),
)
