"""A caller has a person approve an app with a harmless name, and reads through it what the person may read."""

from __future__ import annotations

from agent.simulator.scenarios.findings import found
from agent.simulator.world.actions import BASE, call, query_job
from agent.simulator.world.clients import Client
from agent.simulator.world.record_id import short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

NAME = "Support Desk Assistant"
CLIENT = Client("SupportDeskAssistant/1.4", client_name="SupportDeskAssistant/1.4")
PAGES = 45


def plant(stage: Stage) -> None:
    """The name imitates nobody and the program is on no list: only what it does tells."""
    victim = stage.person("Sales", "GB")
    start = stage.at_hour(10) + 17 * 60_000
    app = short_id("ConnectedApplication", 88_100 + stage.seed % 7)
    stage.change(5, start, victim, "insertApplication", "Connected Apps", f"Installed connected app {NAME}")
    session = stage.session(victim, start + 90_000, 50, stage.address("hosting", 0), CLIENT, application=NAME)
    stage.login(
        session, LOGIN_TYPE="i", LOGIN_SUB_TYPE="oauthdevice", URI="/services/oauth2/token",
        BROWSER_TYPE=CLIENT.user_agent,
    )  # fmt: skip
    own = {"CONNECTED_APP_ID": app, "CONNECTED_APP_NAME": NAME}
    for page in range(PAGES):
        query = "SELECT Id, Name, Phone, Email, AccountId FROM Contact ORDER BY CreatedDate"
        path = f"{BASE}/query" if page == 0 else f"{BASE}/query/01g4x00000Qz8AbAAJ-{page * 2000}"
        call(stage, session, 60 + page * 12, "GET", path, "Contact", query, 2000, **own)
    found(
        stage, "ApiAnomalyEvent", session, 640, 61.0, "API was used in an unusual way", Operation="QueryMore",
        data={"rowCount": 2_000 * PAGES}, QueriedEntities="Contact", RowsProcessed=2_000.0 * PAGES, Uri=f"{BASE}/query",
    )  # fmt: skip
    query_job(stage, session, 700, 812_400 + stage.seed % 50, "Opportunity", 61_000, cells=own)


SCENARIO = Scenario(
    "voice_phished_app",
    "a person approves an unknown app by telephone; it reads contacts page by page and opportunities in bulk",
    plant,
    signals=(
        "ApiTotalUsage: a connected app that nobody approved",
        "RestApi, BulkApi2: queries by a person's account",
        "SetupAuditTrail: insertApplication",
    ),
    patterns=("an app's first use, then a bulk read", "many thousand rows by REST under a person's account"),
)
