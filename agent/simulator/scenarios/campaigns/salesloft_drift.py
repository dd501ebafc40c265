"""Salesloft Drift (UNC6395, GRUB1), August 2025: an integration's stolen token, days of looking around, one bulk job.

The times, paths, objects and addresses are those of one victim (Cloudflare, 12 to 17 August). Which program made which
call is not published, nor how many cases were taken: 120,000 are assumed for the three minutes that the job ran.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.simulator.scenarios.campaigns.intruder import integration, program
from agent.simulator.world.actions import call, query_job
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage

BASE = "/services/data/v58.0"
FIRST = "2025-08-12 22:14:08"
LOOKING, TAKING = "44.215.108.109", "208.68.36.90"
SCRIPT, PARALLEL = "python-requests/2.32.4", "Python/3.11 aiohttp/3.12.15"
CASES = 120_000
USERS = "SELECT Id, Username, Email, FirstName, LastName, LastLoginDate FROM User ORDER BY LastLoginDate DESC LIMIT 20"
HISTORY = "SELECT Id, Name, CreatedDate, CreatedById, Case__c FROM CaseTeamMemberHistory__c LIMIT 5000"

VISITS = (
    ("2025-08-12 22:14:08", (("2025-08-12 22:14:09", "sobjects/", "", "", 0),)),
    (
        "2025-08-13 19:33:02",
        (
            ("2025-08-13 19:33:03", "sobjects/", "", "", 0),
            ("2025-08-13 19:33:07", "sobjects/Case/describe/", "Case", "", 0),
            ("2025-08-13 19:33:09", "sobjects/Case/describe/", "Case", "", 0),
            ("2025-08-13 19:33:11", "query", "Case", "SELECT Id, Subject, Description FROM Case LIMIT 200", 200),
            ("2025-08-14 00:17:40", "sobjects/", "", "", 0),
            ("2025-08-14 00:17:47", "query", "Account", "SELECT COUNT() FROM Account", 1),
            ("2025-08-14 00:17:51", "query", "Contact", "SELECT COUNT() FROM Contact", 1),
            ("2025-08-14 00:18:00", "query", "User", "SELECT COUNT() FROM User", 1),
            ("2025-08-14 04:34:39", "query", "CaseTeamMemberHistory__c", HISTORY, 2_000),
            (
                "2025-08-14 11:09:14",
                "query",
                "Organization",
                "SELECT Id, Name, InstanceName FROM Organization LIMIT 1",
                1,
            ),
            ("2025-08-14 11:09:21", "query", "User", USERS, 20),
            ("2025-08-14 11:09:22", "limits/", "", "", 0),
        ),
    ),
    ("2025-08-16 19:26:37", (("2025-08-16 19:28:08", "query", "Case", "SELECT COUNT() FROM Case", 1),)),
    ("2025-08-17 11:11:23", (("2025-08-17 11:11:55", "query", "Case", "SELECT COUNT() FROM Case", 1),)),
)
"""Each login of the token with the calls that followed it: time, path, object, query, rows."""
JOB, FETCHED, DELETED = "2025-08-17 11:11:56", "2025-08-17 11:15:18", "2025-08-17 11:15:42"


def plant(stage: Stage) -> None:
    """Four logins of the token over five days; the last one's job is deleted by a REST call that no job row tells of."""
    victim = integration(stage, "chatmatic")
    start = stage.begin(FIRST[11:], SCENARIO.span)
    for number, (login, calls) in enumerate(VISITS):
        last = number == len(VISITS) - 1
        ip, client = program(stage, victim, TAKING if last else LOOKING, PARALLEL if last else SCRIPT, number)
        began = _since(login)
        session = stage.session(victim, stage.later(start, began), 120, ip, client, f"visit {number}")
        stage.login(session, LOGIN_SUB_TYPE="oauthrefreshtoken", BROWSER_TYPE=client.user_agent)
        for time, path, entity, query, rows in calls:
            call(stage, session, _since(time) - began, "GET", f"{BASE}/{path}", entity, query, rows)
        if last:
            _take(stage, session, began)


def _take(stage: Stage, session: UserSession, began: float) -> None:
    """The job, its result in two pages, and its end, 24 seconds after the last of it was fetched."""
    states = (("created", 0), ("inProgress", 20), ("complete", 150))
    records = stage.share(CASES)
    job = query_job(
        stage, session, _since(JOB) - began, 813_000 + stage.seed % 50, "Case", records, states=states, base=BASE
    )
    for before in (24, 0):
        size = str(records // 2 * 1_100)
        call(stage, session, _since(FETCHED) - before - began, "GET", f"{job}/results", "Case", RESPONSE_SIZE=size)
    call(stage, session, _since(DELETED) - began, "DELETE", job, "Case", STATUS_CODE="204")


def _since(moment: str) -> float:
    """Seconds from the first act."""
    return (datetime.fromisoformat(moment) - datetime.fromisoformat(FIRST)).total_seconds()


SCENARIO = Scenario(
    "salesloft_drift",
    "an integration's token: five days of looking around, three objects counted in 13 seconds, one job, deleted by REST",
    plant,
    signals=("RestApi, ApiTotalUsage, BulkApi2, Login: addresses and programs that were published",),
    patterns=(
        "object list, counts, limits and, days later, a bulk query by one account",
        "a query job deleted within a minute of its result, told of by RestApi alone",
    ),
    campaign="Salesloft Drift (UNC6395), 2025",
    published="12 to 17 August: four logins of a token; object list, Case described, Account, Contact and User counted in 13 s, "
    "limits; after three days a Bulk 2.0 query of Case of 3.4 min, deleted 24 s later. Assumed: 120,000 cases.",
    sources=(
        ("https://blog.cloudflare.com/response-to-salesloft-drift-incident/", "2025-09-02"),
        (
            "https://cloud.google.com/blog/topics/threat-intelligence/data-theft-salesforce-instances-via-salesloft-drift",
            "2025-08-26",
        ),
    ),
    span=timedelta(seconds=_since(DELETED)),
)
