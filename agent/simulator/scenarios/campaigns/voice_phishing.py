"""UNC6040 (ShinyHunters), 2025 and 2026: a caller has the victim approve an app, which reads what the victim may read.

Two forms were published: an altered Data Loader under another name, through a private network; later scripts of the
callers' own through Tor. Both try small portions first and take whole tables then. Sizes are not published.
"""

from __future__ import annotations

from datetime import timedelta

from agent.simulator.world.actions import call
from agent.simulator.world.clients import BROWSERS, Client
from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.scenario import Scenario
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage

BASE, SOAP = "/services/data/v63.0", "/services/Soap/u/63.0"
LOADER, PORTAL, HARMLESS = "Salesforce Inc. Data Loader", "My Ticket Portal", "Office Calendar Link"
TABLES = ("Account", "Contact", "Opportunity")
TRIES, BATCHES, PAGES = 12, 10, 30
SOURCES = (
    (
        "https://cloud.google.com/blog/topics/threat-intelligence/voice-phishing-data-extortion",
        "2025-06-04, updated 2025-08",
    ),
    (
        "https://www.microsoft.com/en-us/security/blog/2026/07/13/defending-saas-based-applications-against-shinyhunters-oauth-abuse/",
        "2026-07-13",
    ),
)


def loader(stage: Stage) -> None:
    """Approved with a code; a dozen small SOAP queries over twenty minutes, then three tables in Bulk API batches."""
    session, cells = _approved(stage, LOADER, Client("Salesforce Data Loader/63.0.0"), "14:05:00", UNC6040_LOADER)
    for number in range(TRIES):
        _try(stage, session, 40 + number * 100, TABLES[number % 3], 10 + number * 15, cells)
    for number, entity in enumerate(TABLES):
        _batches(stage, session, number, entity, cells)


def script(stage: Stage) -> None:
    """Approved with a code; a few small REST queries, then three tables page by page."""
    agent = "python-requests/2.32.3"
    session, cells = _approved(stage, PORTAL, Client(agent), "15:40:00", UNC6040_SCRIPT)
    for number in range(TRIES):
        query = f"SELECT Id, Name FROM {TABLES[number % 3]} LIMIT {10 + number * 15}"  # noqa: S608  (text of a log)
        call(
            stage,
            session,
            40 + number * 60,
            "GET",
            f"{BASE}/query",
            TABLES[number % 3],
            query,
            10 + number * 15,
            **cells,
        )
    for number, entity in enumerate(TABLES):
        query = f"SELECT FIELDS(ALL) FROM {entity}"  # noqa: S608  (text of a log)
        for page in range(stage.share(PAGES)):
            path = f"{BASE}/query" if page == 0 else f"{BASE}/query/01g4x00000Qy{number}AAD-{page * 2000}"
            call(stage, session, 800 + number * 200 + page * 6, "GET", path, entity, query, 2_000, **cells)


def _approved(
    stage: Stage, name: str, client: Client, time_of_day: str, scenario: Scenario
) -> tuple[UserSession, dict[str, str]]:
    """The app's first session and the cells that name it. In disguise the app has a harmless name
    and a browser's user agent, and comes through an ordinary provider of the victim's country.
    """
    victim = stage.person("Sales", "US")
    start = stage.begin(time_of_day, scenario.span)
    ip = stage.address("anonymizer", 0)
    if stage.disguised:
        name, client, ip = HARMLESS, Client(BROWSERS[0].user_agent), stage.address("home", 1, victim.country)
    app = short_id("ConnectedApplication", 88_300 + stage.number(0, 50, "app"))
    stage.change(0, start, victim, "insertApplication", "Connected Apps", f"Installed connected app {name}")
    session = stage.session(victim, start + 30_000, 60, ip, client, application=name)
    stage.login(
        session, LOGIN_TYPE="i", LOGIN_SUB_TYPE="oauthdevice", URI="/services/oauth2/token",
        BROWSER_TYPE=client.user_agent,
    )  # fmt: skip
    return session, {"CONNECTED_APP_ID": app, "CONNECTED_APP_NAME": name}


def _try(stage: Stage, session: UserSession, after: float, entity: str, rows: int, app: dict[str, str]) -> None:
    """A small query by SOAP."""
    query = f"SELECT Id, Name FROM {entity} LIMIT {rows}"  # noqa: S608  (text of a log)
    request = _counted(stage, session, after, "POST", SOAP, entity, "SOAP", app)
    stage.leave(
        "API", session, after, REQUEST_ID=request, URI=SOAP, API_TYPE="P", METHOD_NAME="query", ENTITY_NAME=entity,
        ROWS_PROCESSED=str(rows), QUERY=query,
    )  # fmt: skip


def _batches(stage: Stage, session: UserSession, number: int, entity: str, app: dict[str, str]) -> None:
    """One table by Bulk API: a job, its batches of up to 10,000 rows, each result fetched."""
    job, begin = short_id("Job", 720_000 + number), 1_300 + number * 420
    _bulk_call(stage, session, begin, "POST", "/services/async/63.0/job", entity, app)
    for batch in range(stage.share(BATCHES)):
        after = begin + 10 + batch * 30
        path = f"/services/async/63.0/job/{job}/batch/{short_id('Batch', 920_000 + number * 100 + batch)}/result"
        request = _bulk_call(stage, session, after, "GET", path, entity, app)
        stage.leave(
            "BulkApi", session, after, REQUEST_ID=request, URI=path, JOB_ID=long_id(job), ENTITY_TYPE=entity,
            OPERATION_TYPE="query", ROWS_PROCESSED=str(stage.number(8_500, 10_000, entity, batch)), NUMBER_FAILURES="0",
            SUCCESS="1",
        )  # fmt: skip


def _bulk_call(stage: Stage, session: UserSession, after: float, method: str, path: str, entity: str, app: dict[str, str]) -> str:  # fmt: skip
    """One call as the account of all calls and that of bulk calls tell of it. Returns its request id."""
    request = _counted(stage, session, after, method, path, entity, "Bulk", app)
    stage.leave(
        "BulkApiRequest", session, after, **app, REQUEST_ID=request, REQUEST_PATH=path, URI=path, SUCCESS="1",
        OPERATION_TYPE="query", STATUS_CODE="200", API_VERSION="63.0",
    )  # fmt: skip
    return request


def _counted(
    stage: Stage,
    session: UserSession,
    after: float,
    method: str,
    path: str,
    entity: str,
    family: str,
    app: dict[str, str],
) -> str:
    """A call's row in the account of all calls. Returns its request id."""
    request = stage.request(after, entity)
    stage.leave(
        "ApiTotalUsage", session, after, **app, REQUEST_ID=request, HTTP_METHOD=method, API_FAMILY=family,
        API_VERSION="63.0", API_RESOURCE=path, ENTITY_NAME=entity, STATUS_CODE="200", API_CLIENT_CATEGORY="",
        COUNTS_AGAINST_API_LIMIT="1",
    )  # fmt: skip
    return request


UNC6040_LOADER = Scenario(
    "unc6040_loader",
    "a person approves an altered Data Loader by telephone; small tries, then three tables in bulk",
    loader,
    signals=("ApiTotalUsage: an app that imitates Data Loader", "BulkApi: OPERATION_TYPE query by a person"),
    patterns=("an app's first use, then a bulk read within the hour",),
    campaign="voice phishing (UNC6040, ShinyHunters), 2025-2026",
    published="an altered Data Loader approved with a code, through Mullvad; tries in small portions, then whole tables, within "
    "the hour. Assumed: 12 tries, three tables in 10 batches of about 9,300 rows each.",
    sources=SOURCES,
    span=timedelta(minutes=50),
)
UNC6040_SCRIPT = Scenario(
    "unc6040_script",
    "a person approves a help-desk app by telephone; small tries, then three tables page by page from a script",
    script,
    signals=("ApiTotalUsage: My Ticket Portal", "RestApi: a script's user agent with a person's account"),
    patterns=("an app's first use, then many thousand rows under a person's account",),
    campaign="voice phishing (UNC6040, ShinyHunters), 2025-2026",
    published="an app named My Ticket Portal, later with Python scripts through Tor; tries in small portions, then whole tables. "
    "Assumed: 12 tries, three tables in 30 pages of 2,000 rows each, in 25 min.",
    sources=SOURCES,
    span=timedelta(minutes=26),
)
