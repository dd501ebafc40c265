"""A stolen password is used from abroad while its owner is at work."""

from __future__ import annotations

from agent.simulator.scenarios.findings import found
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

PAGES = 14


def plant(stage: Stage) -> None:
    """The owner logs in from home; forty minutes later somebody logs in from another continent and looks around."""
    owner = stage.person("Sales", "US")
    start = stage.at_hour(14) + 3 * 60_000
    at_home = stage.session(owner, start, 50, stage.own_address(owner, home=True), label="owner")
    abroad = stage.session(owner, start + 40 * 60_000, 15, stage.address("hosting", 1), label="abroad")
    for session in (at_home, abroad):
        stage.login(session)
        for number in range(PAGES):
            account = long_id(short_id("Account", 3_000 + number))
            stage.leave("LightningPageView", session, 40 + number * 30, PAGE_URL=f"/lightning/r/Account/{account}/view")
    found(
        stage, "LoginAnomalyEvent", abroad, 20, 86.0, "Login from a country where the user was never seen",
        data={"country": abroad.country}, FeatureName="country",
    )  # fmt: skip


SCENARIO = Scenario(
    "impossible_travel",
    "one person logs in on two continents within forty minutes",
    plant,
    signals=("Login from an address on a rented server",),
    patterns=("two logins farther apart than anybody travels in the time between", "two countries within an hour"),
)
