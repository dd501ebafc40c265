"""A person lets an app in that nobody approved; its token is used from then on."""

from __future__ import annotations

from agent.simulator.records.tokens import token_values
from agent.simulator.world.actions import call
from agent.simulator.world.clients import Client
from agent.simulator.world.record_id import short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.stage import Stage

APP = "Inbox Sorter AI"
AGENT = "inbox-sorter/0.9 (+https://inbox-sorter.example)"


def plant(stage: Stage) -> None:
    """A login by OAuth, the token, and small reads over half an hour; the audit trail says nothing of tokens."""
    person = stage.person("Customer Service", "US")
    start = stage.at_hour(15) // 1000 * 1000 + 3 * 60_000
    session = stage.session(person, start, 40, stage.address("cloud", 1), Client(AGENT), application=APP)
    stage.login(session, LOGIN_TYPE="i", LOGIN_SUB_TYPE="oauthtoken", URI="/services/oauth2/token", BROWSER_TYPE=AGENT)
    ident = stage.ident("OauthToken", person.id)
    stage.keep(0, start, "OauthToken", ident, token_values(ident, person, APP, start, 88))
    app = {"CONNECTED_APP_ID": short_id("ConnectedApplication", 88_900), "CONNECTED_APP_NAME": APP}
    for number in range(12):
        query = "SELECT Id, Subject, Status FROM Task WHERE IsClosed = false LIMIT 50"
        call(stage, session, 60 + number * 150, "GET", "/services/data/v66.0/query", "Task", query, 50, **app)


SCENARIO = Scenario(
    "unapproved_app_token",
    "a person's token of an app that nobody approved is in use",
    plant,
    signals=("OauthToken: an AppName that is on no list", "ApiTotalUsage: CONNECTED_APP_NAME likewise"),
)
