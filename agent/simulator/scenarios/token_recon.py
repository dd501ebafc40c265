"""An integration's token in wrong hands, with the right program and from the right provider: look, count, take, tidy."""

from __future__ import annotations

from agent.simulator.scenarios.stolen_token import OBJECTS
from agent.simulator.world.actions import BASE, call, look_around, query_job
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

COUNTED = ("Account", "Contact", "Case", "Opportunity", "User", "Lead")


def plant(stage: Stage) -> None:
    """Neither address nor user agent is out of place; the job is deleted 24 seconds after its result was taken."""
    victim = next(user for user in stage.staff.of("integration") if user.client.username == "mulesoft")
    start = stage.at_hour(5) + 8 * 60_000
    ip = victim.office.address(77) if victim.office else stage.address("cloud", 0)
    session = stage.session(victim, start, 50, ip)
    stage.login(session, LOGIN_SUB_TYPE="oauthtoken", BROWSER_TYPE=victim.client.user_agent)
    look_around(stage, session, 20, OBJECTS, 3)
    for number, name in enumerate(COUNTED):
        query = f"SELECT COUNT() FROM {name}"  # noqa: S608  (text of a log)
        call(stage, session, 120 + number * 7, "GET", f"{BASE}/query", name, query, 1)
    call(stage, session, 200, "GET", f"{BASE}/limits")
    states = (("created", 0), ("inProgress", 30), ("complete", 210), ("deleted", 234))
    query_job(stage, session, 260, 812_500 + stage.seed % 50, "Case", 214_000, states=states)


SCENARIO = Scenario(
    "token_recon",
    "an integration's token, from an expected network with the expected program: objects, limits, a bulk job, deleted",
    plant,
    signals=("BulkApi2: a query of more than 100,000 records",),
    patterns=(
        "twenty objects described within minutes",
        "object list, then limits, then a bulk query",
        "a bulk job deleted soon after completing",
    ),
)
