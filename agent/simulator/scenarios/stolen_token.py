"""An integration's stolen token is used from elsewhere: look around, count, pull, cover the tracks."""

from __future__ import annotations

from dataclasses import replace

from agent.simulator.scenarios.findings import found
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage

SCRIPT = "python-requests/2.32.4"
FETCHER = "Salesforce-Multi-Org-Fetcher/1.0"
BASE = "/services/data/v62.0"
OBJECTS = [
    "Account",
    "Contact",
    "Case",
    "Lead",
    "Opportunity",
    "User",
    "Contract",
    "Order",
    "Product2",
    "Task",
    "Event",
    "EmailMessage",
    "Attachment",
    "ContentVersion",
    "ContentDocument",
    "Campaign",
    "Asset",
    "Quote",
    "Solution",
    "Group",
]
PAGES = 60


def plant(stage: Stage) -> None:
    """The user, the app and the keys are the integration's; address and user agent are not."""
    victim = next(user for user in stage.staff.of("integration") if user.client.username == "chatmatic")
    start = stage.at_hour(3) + 2 * 60_000
    away = stage.session(
        victim, start, 56, stage.address("hosting", 0), replace(victim.client, user_agent=SCRIPT), "script"
    )
    fetcher = replace(away, user_agent=FETCHER, ip=stage.address("hosting", 1))
    stage.login(away, LOGIN_SUB_TYPE="oauthtoken", BROWSER_TYPE=SCRIPT)
    _call(stage, away, 20, "GET", f"{BASE}/sobjects/")
    _call(stage, away, 32, "GET", f"{BASE}/limits")
    for number, name in enumerate(OBJECTS):
        _call(stage, away, 60 + number * 9, "GET", f"{BASE}/sobjects/{name}/describe", name)
        query = f"SELECT COUNT() FROM {name}"  # noqa: S608  (text of a log)
        _call(stage, away, 63 + number * 9, "GET", f"{BASE}/query", name, query, 1)
    for page in range(PAGES):
        query = "SELECT Id, Subject, Description, SuppliedEmail FROM Case ORDER BY CreatedDate DESC"
        path = f"{BASE}/query" if page == 0 else f"{BASE}/query/01g4x00000Qz7TcAAJ-{page * 2000}"
        _call(stage, fetcher, 400 + page * 20, "GET", path, "Case", query, 2000)
    query = "SELECT Id, Description FROM Case WHERE Description LIKE '%password%' OR Description LIKE '%secret%'"
    stage.tell(
        "ApiEvent", fetcher, 1_690, ApiType="REST", Operation="Query", OperationStatus="Success", Query=query,
        QueriedEntities="Case", RowsProcessed=38.0, RowsReturned=38.0, ApiVersion=62.0,
    )  # fmt: skip
    found(
        stage, "ApiAnomalyEvent", fetcher, 1_700, 96.0, "API was used in an unusual way", QueriedEntities="Case",
        data={"rowCount": 120_000, "userAgent": FETCHER}, Operation="QueryMore", RowsProcessed=120_000.0, Uri=f"{BASE}/query",
    )  # fmt: skip
    _bulk(stage, fetcher)


def _bulk(stage: Stage, session: UserSession) -> None:
    """A query job that is deleted as soon as its result was taken."""
    job = long_id(short_id("Job", 812_345))
    path = f"{BASE}/jobs/query/{job}"
    steps = (
        ("POST", "created", 1800),
        ("GET", "inProgress", 1860),
        ("GET", "complete", 2100),
        ("DELETE", "deleted", 2220),
    )
    for method, state, after in steps:
        _call(stage, session, after, method, path if state != "created" else f"{BASE}/jobs/query", "Case", "", 0)
        done = state in ("complete", "deleted")
        stage.leave(
            "BulkApi2", session, after, URI=path, URI_ID_DERIVED=job, JOB_ID=job, OPERATION_TYPE="query",
            ENTITY_TYPE="Case", JOB_STATUS=state, RECORDS_PROCESSED="318204" if done else "0", RECORDS_FAILED="0",
            RESULT_SIZE_MB="212" if done else "0",
        )  # fmt: skip


def _call(stage: Stage, session: UserSession, after: float, method: str, path: str, entity: str = "", query: str = "", rows: int = 0) -> None:  # fmt: skip
    request = stage.request(after, path)
    stage.leave(
        "RestApi", session, after, REQUEST_ID=request, METHOD=method, URI=path, URI_ID_DERIVED="", QUERY=query,
        ENTITY_NAME=entity, ROWS_PROCESSED=str(rows), STATUS_CODE="200", REQUEST_STATUS="S",
        RESPONSE_SIZE=str(900 + rows * 830),
    )  # fmt: skip
    stage.leave(
        "ApiTotalUsage", session, after, REQUEST_ID=request, HTTP_METHOD=method, API_FAMILY="REST", API_VERSION="62.0",
        API_RESOURCE=path, ENTITY_NAME=entity, STATUS_CODE="200", API_CLIENT_CATEGORY="", COUNTS_AGAINST_API_LIMIT="1",
    )  # fmt: skip


SCENARIO = Scenario(
    "stolen_token",
    "an integration's token is used from rented servers with a script's user agent",
    plant,
    signals=(
        f"RestApi: USER_AGENT {SCRIPT} or {FETCHER}",
        "Login, RestApi, ApiTotalUsage, BulkApi2: an integration user from a network that is not its own",
    ),
    patterns=(
        "twenty objects described within minutes",
        "object list, then limits, then a bulk query",
        "a bulk job deleted soon after completing",
        "more than 100,000 rows by REST query within an hour",
    ),
)
