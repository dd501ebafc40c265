"""People at work with much data at once: handovers, tidy lists, forgotten passwords, a script of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from agent.simulator.world.actions import BASE, call, download_file, fail_login, open_list
from agent.simulator.world.clients import MOBILE, Client
from agent.simulator.world.networks import networks_of
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage
from agent.simulator.world.users import User

STEWARDS = 2
LISTS = ("Account", "Lead", "Case", "Contact")
NOTEBOOK = Client("python-requests/2.31.0", client_name="notebook/1.0")


def live(stage: Stage, sessions: Mapping[str, UserSession], day: date) -> None:
    """`sessions`: each user's longest one of the day."""
    there = [user for user in stage.staff.of("person") if user.id in sessions and _long(sessions[user.id])]
    if not there:
        return
    for number in range(STEWARDS if day.weekday() < 5 else 0):
        _tidy_lists(stage, sessions[_pick(stage, there, "steward", number).id], number)
    if day.weekday() in (2, 4) and stage.chance(0.3, "handover"):
        _take_over(stage, sessions[_pick(stage, there, "heir").id])
    if stage.chance(0.3, "old telephone"):
        _old_telephone(stage, _pick(stage, there, "old telephone"), sessions)
    if day.weekday() < 5 and stage.chance(0.1, "notebook"):
        _notebook(stage, _pick(stage, there, "analyst"), sessions)


def _long(session: UserSession) -> bool:
    return session.end - session.start > 2_700_000


def _pick(stage: Stage, people: list[User], *name: object) -> User:
    return people[stage.number(0, len(people) - 1, *name)]


def _tidy_lists(stage: Stage, session: UserSession, which: int) -> None:
    """Fifteen to forty-odd list views in ten minutes."""
    for number in range(stage.number(15, 44, "lists", which)):
        after = 300 + number * 13 + stage.number(0, 8, "pause", which, number)
        open_list(stage, session, after, LISTS[number // 12 % len(LISTS)], number % 12 + 1)


def _take_over(stage: Stage, session: UserSession) -> None:
    """A project's library, before its owner goes on holiday."""
    for number in range(stage.number(18, 45, "files")):
        size = int(10 ** (stage.number(480, 690, "size", number) / 100))
        download_file(stage, session, 500 + number * 12, 200_000 + number, size)


def _old_telephone(stage: Stage, user: User, sessions: Mapping[str, UserSession]) -> None:
    """After a change of password a telephone tries the old one every quarter of an hour."""
    mobile = networks_of("mobile", user.country)[0].address(user.number)
    session = replace(sessions[user.id], ip=mobile, user_agent=MOBILE.user_agent)
    for number in range(stage.number(4, 14, "tries")):
        fail_login(stage, session, 600 + number * 900)


def _notebook(stage: Stage, user: User, sessions: Mapping[str, UserSession]) -> None:
    """An analyst's own script reads a few thousand rows."""
    own = sessions[user.id]
    session = stage.session(user, own.start + 900_000, 30, own.ip, NOTEBOOK, "notebook", application="")
    stage.login(session, LOGIN_TYPE="i", LOGIN_SUB_TYPE="oauthcode", BROWSER_TYPE=NOTEBOOK.user_agent)
    for number in range(stage.number(10, 40, "queries")):
        query = "SELECT Id, Name, Amount, CloseDate FROM Opportunity WHERE CloseDate = THIS_QUARTER"
        rows = stage.number(40, 400, "rows", number)
        call(stage, session, 30 + number * 9, "GET", f"{BASE}/query", "Opportunity", query, rows)
