"""Klue (Icarus, Storm-3138), June 2026: stolen tokens, then queries page after page, at two published paces.

The paths, programs, addresses, 1,000 queries in 15 minutes and the six steady hours are published; the real app made 10
to 50 calls a run. How many rows a page had is not: 2,000, what a query gives at most, for the pages that follow a
first one, and up to 400 for first ones. The steady pace of 10 queries a minute is assumed.
"""

from __future__ import annotations

from datetime import timedelta

from agent.simulator.scenarios.campaigns.intruder import integration, program
from agent.simulator.world.actions import call
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

BASE = "/services/data/v59.0"
ADDRESS = "138.226.246.94"
BURST, STEADY = "Python-urllib/3.12", "Python-urllib/3.14"
OBJECTS = ("Opportunity", "Case", "Task", "Lead", "Contact", "Account", "User", "Contract")
PAGES = 3
"""After each first one."""
SOURCES = (
    (
        "https://www.bleepingcomputer.com/news/security/klue-oauth-breach-victim-list-grows-as-icarus-hackers-claim-attack/",
        "2026-06-19",
    ),
    ("https://securitylabs.datadoghq.com/articles/detecting-the-klue-supply-chain-attack-in-salesforce/", "2026-06-22"),
)
SAID = "object list, then query and queryMore under v59.0; "


def burst(stage: Stage) -> None:
    """A thousand queries in fifteen minutes."""
    _read(stage, "19:40:00", KLUE_BURST, BURST, stage.share(1_000), 900)


def steady(stage: Stage) -> None:
    """Ten queries a minute for six hours."""
    _read(stage, "00:30:00", KLUE_STEADY, STEADY, stage.share(3_600), 6 * 3_600)


def _read(stage: Stage, time_of_day: str, scenario: Scenario, user_agent: str, queries: int, seconds: float) -> None:
    """The list of objects, then the queries, evenly over the time."""
    victim = integration(stage, "tableau")
    start = stage.begin(time_of_day, scenario.span)
    ip, client = program(stage, victim, ADDRESS, user_agent)
    session = stage.session(victim, start, int(seconds // 60) + 2, ip, client)
    stage.login(session, LOGIN_SUB_TYPE="oauthrefreshtoken", BROWSER_TYPE=client.user_agent)
    call(stage, session, 1, "GET", f"{BASE}/sobjects")
    for number in range(queries):
        first, page = divmod(number, PAGES + 1)
        entity = OBJECTS[first % len(OBJECTS)]
        query = f"SELECT FIELDS(STANDARD) FROM {entity} LIMIT 50000 OFFSET {first}"  # noqa: S608  (text of a log)
        path = f"{BASE}/query" if page == 0 else f"{BASE}/query/01g4x0000{first:06}AAK-{page * 2000}"
        rows = 2_000 if page else stage.number(1, 400, "rows", number)
        call(stage, session, 4 + number * (seconds - 4) / queries, "GET", path, entity, query, rows)


KLUE_BURST = Scenario(
    "klue_burst",
    "an integration's token: the object list, then a thousand queries in fifteen minutes",
    burst,
    signals=("RestApi, ApiTotalUsage, Login: the published addresses and programs",),
    patterns=("a thousand queries within a quarter of an hour by an account that makes fifty a run",),
    campaign="Klue (Icarus), 2026",
    published=SAID + "1,000 queries in 15 min. Assumed: pages of 2,000 rows after a first one of up to 400.",
    sources=SOURCES,
    span=timedelta(minutes=15),
)
KLUE_STEADY = Scenario(
    "klue_steady",
    "an integration's token: the object list, then queries for six hours without a pause",
    steady,
    signals=("RestApi, ApiTotalUsage, Login: the published addresses and programs",),
    patterns=("queries at an even pace for hours by an account that makes fifty a run",),
    campaign="Klue (Icarus), 2026",
    published=SAID + "six hours without a pause. Assumed: 10 queries a minute, rows as in the burst.",
    sources=SOURCES,
    span=timedelta(hours=6),
)
