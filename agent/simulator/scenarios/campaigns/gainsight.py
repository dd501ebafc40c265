"""Gainsight's apps, October and November 2025: tokens of one integration, probed long before they are used.

The first probe, its address, the day of the first access and the program are published; calls and rows are not.
"""

from __future__ import annotations

from datetime import timedelta

from agent.simulator.scenarios.campaigns.intruder import integration, program
from agent.simulator.world.actions import call
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage

BASE = "/services/data/v62.0"
PROBE, FETCHER = "3.239.45.43", "Salesforce-Multi-Org-Fetcher/1.0"
WAVES = (16, 18, 20)
"""Days after the probe."""
OBJECTS = ("Account", "Contact", "Case", "Opportunity")
PAGES = 16
"""Of each object in each wave, 2,000 rows and four seconds each."""
DAY = 86_400


def plant(stage: Stage) -> None:
    """One login and two calls on the first day; sixteen days later the first of three waves of paged queries."""
    start = stage.begin("13:20:00", SCENARIO.span)
    probe = _visit(stage, start, 0)
    call(stage, probe, 2, "GET", f"{BASE}/sobjects/")
    call(stage, probe, 9, "GET", f"{BASE}/query", "Account", "SELECT Id, Name FROM Account LIMIT 1", 1)
    for wave, day in enumerate(WAVES, start=1):
        session = _visit(stage, stage.later(start, day * DAY), wave)
        for number, entity in enumerate(OBJECTS):
            _pages(stage, session, wave, number, entity)


def _visit(stage: Stage, start: int, number: int) -> UserSession:
    victim = integration(stage, "chatmatic")
    ip = PROBE if number == 0 else stage.address("hosting", number)
    ip, client = program(stage, victim, ip, FETCHER, number)
    session = stage.session(victim, start, 60, ip, client, f"visit {number}")
    stage.login(session, LOGIN_SUB_TYPE="oauthrefreshtoken", BROWSER_TYPE=client.user_agent)
    return session


def _pages(stage: Stage, session: UserSession, wave: int, number: int, entity: str) -> None:
    query = f"SELECT FIELDS(ALL) FROM {entity} ORDER BY CreatedDate DESC"  # noqa: S608  (text of a log)
    for page in range(stage.share(PAGES)):
        path = f"{BASE}/query" if page == 0 else f"{BASE}/query/01g4x00000Qz9{wave}{number}AAJ-{page * 2000}"
        call(stage, session, 5 + number * 90 + page * 4, "GET", path, entity, query, 2_000)


SCENARIO = Scenario(
    "gainsight_tokens",
    "an integration's token: one probe, and from the sixteenth day on three waves of paged queries",
    plant,
    signals=("RestApi, ApiTotalUsage, Login: the published address and program",),
    patterns=("many pages of several objects within minutes by an account that reads little",),
    campaign="Gainsight, 2025",
    published="first probe on 23 October from 3.239.45.43, access from 8 November until the tokens were revoked on the 19th, by "
    "Salesforce-Multi-Org-Fetcher/1.0. Assumed: three waves of four objects, 16 pages of 2,000 rows each.",
    sources=(("https://help.salesforce.com/s/articleView?id=005229029&type=1", "2025-11"),),
    span=timedelta(days=WAVES[-1], minutes=6),
)
