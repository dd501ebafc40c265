"""Programs that work in bursts: synchronisation, looking up what objects there are, nightly extracts, failed jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.simulator.world.actions import BASE, call, look_around, query_job
from agent.simulator.world.sessions import HOUR, UserSession
from agent.simulator.world.stage import Stage

SYNCHRONISE = ("mulesoft", "informatica", "warehouse")
LOOK_AROUND = ("informatica", "tableau")
EXTRACT = "warehouse"
OBJECTS = ("Account", "Contact", "Opportunity", "Case", "Lead", "Task", "Product2")
DESCRIBED = (
    *OBJECTS, "Asset", "Campaign", "CampaignMember", "Contract", "Event", "Order", "OrderItem", "Pricebook2",
    "PricebookEntry", "Quote", "QuoteLineItem", "RecordType", "User", "UserRole", "Group", "Territory2", "Entitlement",
)  # fmt: skip


def live(stage: Stage, sessions: Mapping[str, Sequence[UserSession]], calls: int) -> None:
    """`sessions`: every user's of the day; `calls`: about how many one synchronisation takes."""
    for user in stage.staff.of("integration"):
        name = user.client.username
        long_sessions = [session for session in sessions.get(user.id, ()) if session.end - session.start > HOUR]
        for number, session in enumerate(long_sessions):
            if name in SYNCHRONISE and stage.chance(0.3, "synchronises", name, number):
                _synchronise(stage, session, stage.number(calls // 2, calls * 3 // 2, "calls", name, number))
        if len(long_sessions) < 2:
            continue
        if name in LOOK_AROUND:
            look_around(stage, long_sessions[1], 400 + len(name) * 60, DESCRIBED, 6)
        if name == EXTRACT:
            _extract(stage, long_sessions[0])
        if stage.chance(0.04, "fails", name):
            _fail(stage, long_sessions[-1])


def _synchronise(stage: Stage, session: UserSession, calls: int) -> None:
    """What has changed since the last time: questions and a few changes, as fast as the org answers."""
    for number in range(calls):
        entity, name = OBJECTS[number % len(OBJECTS)], (session.session_key, number)
        after = 1_500 + number * 1.3
        if number % 10 < 7:
            query = f"SELECT FIELDS(STANDARD) FROM {entity} WHERE SystemModstamp > LAST_WEEK LIMIT 200"  # noqa: S608
            call(stage, session, after, "GET", f"{BASE}/query", entity, query, stage.number(1, 200, *name))
        else:
            call(stage, session, after, "PATCH", f"{BASE}/composite/sobjects", entity, "", stage.number(1, 200, *name))


def _extract(stage: Stage, session: UserSession) -> None:
    """The night's copy for the warehouse, object after object; each job is tidied away when its result is there."""
    for number, entity in enumerate(OBJECTS[:5]):
        job = 940_000 + stage.number(0, 9_999, "extract", number)
        records = int(10 ** (stage.number(400, 525, "records", number) / 100))
        states = (("created", 0), ("inProgress", 30), ("complete", 170), ("deleted", 210))
        query_job(stage, session, 1_200 + number * 400, job, entity, records, states=states)


def _fail(stage: Stage, session: UserSession) -> None:
    """A job or two fail and are run again."""
    for number in range(stage.number(1, 2, "failures", session.user)):
        job = 950_000 + stage.number(0, 9_999, "failed", session.user, number)
        query_job(stage, session, 900 + number * 300, job, "Account", 0, states=(("created", 0), ("failed", 40)))
