"""Experience Cloud guests, March and June 2026: what guest sharing leaves open is read through Aura without a login.

Two forms were published: an altered AuraInspector that scans from one address (March), and chained GraphQL requests
from five addresses over four days (June). Numbers of calls are not published.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from agent.simulator.world.clients import BROWSERS
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage

CONFIGURATION = "aura://HostConfigController/ACTION$getConfigData"
ITEMS = "serviceComponent://ui.force.components.controllers.lists.selectableListDataProvider.SelectableListDataProviderController/ACTION$getItems"  # fmt: skip
GRAPH = "aura://RecordUiController/ACTION$executeGraphQL"
SCANNER = "python-requests/2.32.3"
TRIED, READ = 80, 120
ADDRESSES = ("212.86.125.24", "213.111.148.90", "94.154.32.160", "103.75.11.78", "103.75.11.110")
DAYS, A_DAY = 4, 200
DAY = 86_400


def inspector(stage: Stage) -> None:
    """The catalogue of objects, one try of each, then page after page of those that answered: ten minutes."""
    start = stage.begin("22:10:00", GUEST_INSPECTOR.span)
    session = _guest(stage, start, stage.address("hosting", 0), 0)
    _ask(stage, session, 1, CONFIGURATION, 60_000)
    for number in range(TRIED):
        _ask(stage, session, 4 + number * 1.5, ITEMS, 900 + stage.number(0, 4_000, "try", number))
    for number in range(stage.share(READ)):
        _ask(stage, session, 130 + number * 3.5, ITEMS if number % 3 else GRAPH, 700_000)


def graphql(stage: Stage) -> None:
    """Two hundred GraphQL requests a day, one every six minutes or so, from one address after the other."""
    start = stage.begin("01:00:00", GUEST_GRAPHQL.span)
    for day in range(DAYS):
        asked = stage.share(A_DAY)
        for number in range(asked):
            turn = (day * A_DAY + number) % len(ADDRESSES)
            after = day * DAY + number * 20 * 3_600 / asked
            session = _guest(stage, stage.later(start, after), ADDRESSES[turn], day * A_DAY + number)
            _ask(stage, session, 5, GRAPH, 900_000)


def _guest(stage: Stage, start: int, ip: str, number: int) -> UserSession:
    """A visit of the site's guest user; in disguise with a browser, and each from another visitor's address."""
    guest = stage.staff.of("guest")[0]
    agent = SCANNER
    if stage.disguised:
        ip, agent = stage.address("visitor", number), BROWSERS[number % len(BROWSERS)].user_agent
    return stage.session(guest, start, 10, ip, replace(guest.client, user_agent=agent), f"visit {number}")


def _ask(stage: Stage, session: UserSession, after: float, action: str, size: int) -> None:
    """One Aura request; the site's own log tells of it, and of its size, too."""
    request = stage.request(after, session.session_key, action)
    stage.leave(
        "AuraRequest", session, after, REQUEST_ID=request, ACTION_MESSAGE=action, URI="/s/sfsites/aura",
        REQUEST_METHOD="POST", REQUEST_STATUS="S", USER_AGENT="",
    )  # fmt: skip
    stage.leave(
        "Sites", session, after, REQUEST_ID=request, URI="/s/sfsites/aura", HTTP_METHOD="POST", IS_GUEST="1",
        REQUEST_STATUS="S", RESPONSE_SIZE=str(size),
    )  # fmt: skip


GUEST_INSPECTOR = Scenario(
    "guest_inspector",
    "a scanner reads what a site's guest may read: the catalogue, eighty objects tried, then pages",
    inspector,
    signals=("AuraRequest: getConfigData, getItems and executeGraphQL by a guest",),
    patterns=("many list requests by the guest user within minutes",),
    campaign="Experience Cloud guests, 2026",
    published="March: an altered AuraInspector against /s/sfsites/aura with getConfigData, getItems and executeGraphQL, a burst from "
    "one address. Assumed: 80 objects tried, 120 pages, nine minutes.",
    sources=(
        (
            "https://www.salesforce.com/blog/protecting-your-data-essential-actions-to-secure-experience-cloud-guest-user-access",
            "2026-03-07, updated 2026-03-11",
        ),
    ),
    span=timedelta(minutes=9, seconds=15),
)
GUEST_GRAPHQL = Scenario(
    "guest_graphql",
    "a site's guest reads by GraphQL for four days, slowly, from five addresses in turn",
    graphql,
    signals=("AuraRequest: executeGraphQL by a guest",),
    patterns=("far more requests of one action by the guest user in a day than the site ever had",),
    campaign="Experience Cloud guests, 2026",
    published="19 to 22 June: chained GraphQL requests to Aura from five addresses. Assumed: 200 requests a day, in turn.",
    sources=(
        (
            "https://www.microsoft.com/en-us/security/blog/2026/07/13/defending-saas-based-applications-against-shinyhunters-oauth-abuse/",
            "2026-07-13",
        ),
    ),
    span=timedelta(days=DAYS),
)
