"""Administrators at work with programs: Data Loader now and then, the command line, a browser helper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from agent.simulator.world.actions import BASE, call, query_job
from agent.simulator.world.clients import Client
from agent.simulator.world.sessions import HOUR, UserSession
from agent.simulator.world.stage import Stage
from agent.simulator.world.users import User

LOADER = Client("Salesforce Data Loader/66.0.0", application="Dataloader Bulk", client_name="DataLoaderBulk/66.0.0")
COMMAND_LINE = Client("sfdx toolbelt:2.90.4", application="Salesforce CLI", client_name="sfdx toolbelt")
TOOLING = ("ApexClass", "ApexTrigger", "Flow", "Layout", "CustomField", "ValidationRule")


def live(stage: Stage, sessions: Mapping[str, UserSession], day: date) -> None:
    """`sessions`: each user's longest one of the day."""
    for user in stage.staff.of("admin"):
        own = sessions.get(user.id)
        if own is None or own.end - own.start < HOUR or day.weekday() > 4:
            continue
        if stage.chance(0.06, "loader", user.id):
            _load(stage, user, own)
        if stage.chance(0.3, "command line", user.id):
            _deploy(stage, user, own)
        if stage.chance(0.15, "helper", user.id):
            query = "SELECT Id, Name, OwnerId FROM Account WHERE LastModifiedDate = LAST_N_DAYS:30"
            rows = stage.number(100, 1_900, "helper", user.id)
            call(stage, own, 700, "GET", f"{BASE}/query", "Account", query, rows, CONNECTED_APP_ID="", CLIENT_NAME="")


def _load(stage: Stage, user: User, own: UserSession) -> None:
    """An extract of one object, corrected in a spreadsheet and loaded again."""
    session = stage.session(user, own.start + 600_000, 45, own.ip, LOADER, f"loader {user.id}")
    stage.login(session, LOGIN_TYPE="i", LOGIN_SUB_TYPE="oauthcode", BROWSER_TYPE=LOADER.user_agent)
    number = 930_000 + stage.number(0, 9_999, "job", user.id)
    query_job(stage, session, 60, number, "Lead", stage.number(2_000, 40_000, "records", user.id))


def _deploy(stage: Stage, user: User, own: UserSession) -> None:
    """What has changed is asked for before it is moved to another org."""
    session = stage.session(user, own.start + 300_000, 30, own.ip, COMMAND_LINE, f"cli {user.id}")
    stage.login(session, LOGIN_TYPE="i", LOGIN_SUB_TYPE="oauthcode", BROWSER_TYPE=COMMAND_LINE.user_agent)
    for number in range(stage.number(6, 24, "deploys", user.id)):
        name = TOOLING[number % len(TOOLING)]
        query = f"SELECT Id, Name FROM {name}"  # noqa: S608  (text of a log)
        call(stage, session, 20 + number * 4, "GET", f"{BASE}/tooling/query", name, query, 60)
