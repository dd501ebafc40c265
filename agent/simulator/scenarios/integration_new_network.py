"""An integration's token is tried from a network that is not its own, quietly and with its own program."""

from __future__ import annotations

from agent.simulator.world.actions import BASE, call
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

CALLS = 30


def plant(stage: Stage) -> None:
    """Thirty ordinary questions in half an hour."""
    victim = next(user for user in stage.staff.of("integration") if user.client.username == "tableau")
    start = stage.at_hour(13) + 21 * 60_000
    session = stage.session(victim, start, 35, stage.address("visitor", 4), label="elsewhere")
    stage.login(session, BROWSER_TYPE=victim.client.user_agent)
    for number in range(CALLS):
        entity = ("Account", "Opportunity")[number % 2]
        query = f"SELECT Id, Name FROM {entity} LIMIT 200"  # noqa: S608  (text of a log)
        rows = stage.number(20, 200, "rows", number)
        call(stage, session, 60 + number * 55, "GET", f"{BASE}/query", entity, query, rows)


SCENARIO = Scenario(
    "integration_new_network",
    "an integration calls from a network it never used, little and with its own program",
    plant,
    signals=("Login, RestApi, ApiTotalUsage: an integration user from a network that is not its own",),
)
