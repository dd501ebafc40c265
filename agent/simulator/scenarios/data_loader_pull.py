"""A caller talks somebody into approving a look-alike app, and pulls the customer base through it."""

from __future__ import annotations

from agent.simulator.world.clients import Client
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage

APPLICATIONS = ("My Ticket Portal", "Salesforce Inc. Data Loader")
OBJECTS = ("Account", "Contact", "Case", "Opportunity")
BATCHES = 14
CLIENT = Client("Salesforce Data Loader/66.0.0", client_name="DataLoaderPartnerUI/66.0.0")


def plant(stage: Stage) -> None:
    """The victim's browser approves the app; minutes later the app reads in bulk, from a rented server."""
    victim = stage.person("Customer Service", "US")
    start = stage.at_hour(15) + 6 * 60_000
    name = APPLICATIONS[stage.seed % len(APPLICATIONS)]
    app = short_id("ConnectedApplication", 88_000 + stage.seed % 2)
    stage.change(20, start, victim, "insertApplication", "Connected Apps", f"Installed connected app {name}")
    session = stage.session(victim, start + 60_000, 48, stage.address("anonymizer", 0), CLIENT, application=name)
    stage.login(
        session,
        LOGIN_TYPE="i",
        LOGIN_SUB_TYPE="oauthcode",
        URI="/services/oauth2/token",
        BROWSER_TYPE=CLIENT.user_agent,
    )
    for number, entity in enumerate(OBJECTS):
        _pull(stage, session, number, entity, {"CONNECTED_APP_ID": app}, name)


def _pull(stage: Stage, session: UserSession, number: int, entity: str, app: dict[str, str], name: str) -> None:
    job, begin = short_id("Job", 700_000 + number), 90 + number * 560
    _call(stage, session, begin, "POST", "/services/async/66.0/job", entity, app, name)
    for batch in range(BATCHES):
        after, rows = begin + 8 + batch * 30, stage.number(9_000, 10_000, entity, batch)
        path = f"/services/async/66.0/job/{job}/batch/{short_id('Batch', 900_000 + number * 100 + batch)}/result"
        request = _call(stage, session, after, "GET", path, entity, app, name)
        stage.leave(
            "BulkApi", session, after, REQUEST_ID=request, URI=path, JOB_ID=long_id(job), ENTITY_TYPE=entity,
            OPERATION_TYPE="query", ROWS_PROCESSED=str(rows), NUMBER_FAILURES="0", SUCCESS="1",
        )  # fmt: skip
    for step, state in enumerate(("created", "inProgress", "complete")):
        stage.leave(
            "BulkApi2", session, begin + 440 + step * 20, URI=f"/services/data/v66.0/jobs/query/{long_id(job)}",
            URI_ID_DERIVED=long_id(job), JOB_ID=long_id(job), OPERATION_TYPE="queryAll", ENTITY_TYPE=entity,
            JOB_STATUS=state, RECORDS_PROCESSED=str(140_000 if state == "complete" else 0), RECORDS_FAILED="0",
            RESULT_SIZE_MB="61" if state == "complete" else "0",
        )  # fmt: skip


def _call(stage: Stage, session: UserSession, after: float, method: str, path: str, entity: str, app: dict[str, str], name: str) -> str:  # fmt: skip
    """One API call as the free and the licensed account of calls tell of it. Returns its request id."""
    request = stage.request(after, entity)
    stage.leave(
        "ApiTotalUsage", session, after, **app, REQUEST_ID=request, CONNECTED_APP_NAME=name, HTTP_METHOD=method,
        API_FAMILY="Bulk", API_VERSION="66.0", API_RESOURCE=path, ENTITY_NAME=entity, STATUS_CODE="200",
        API_CLIENT_CATEGORY="", COUNTS_AGAINST_API_LIMIT="1",
    )  # fmt: skip
    stage.leave(
        "BulkApiRequest", session, after, **app, REQUEST_ID=request, REQUEST_PATH=path, URI=path, SUCCESS="1",
        OPERATION_TYPE="query", STATUS_CODE="200", API_VERSION="66.0",
    )  # fmt: skip
    return request


SCENARIO = Scenario(
    "data_loader_pull",
    "a person approves a look-alike app by telephone; it reads the customer base in bulk",
    plant,
    signals=(
        "ApiTotalUsage: CONNECTED_APP_NAME imitates a help-desk tool or Data Loader, an app id not approved",
        "BulkApi, BulkApi2: OPERATION_TYPE query or queryAll by a person",
        "SetupAuditTrail: insertApplication",
        "the application's first use; an address on a rented server",
    ),
    patterns=(
        "app installed, then a bulk read by the same user within the hour",
        "more than 100,000 rows by bulk query",
    ),
)
