"""What people and programs do, as the rows that it leaves; for leaks and for innocent habits alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.simulator.world.record_id import long_id, short_id
from agent.simulator.world.sessions import UserSession
from agent.simulator.world.stage import Stage

BASE = "/services/data/v62.0"
WRONG_PASSWORD = "LOGIN_ERROR_INVALID_PASSWORD"  # noqa: S105


def export_report(stage: Stage, session: UserSession, after: float, number: int, rows: int, **cells: str) -> None:
    """A report's rows taken as a file: the run, and the export with the run's request id."""
    report = short_id("Report", number)
    request = stage.request(number, after, session.session_key)
    stage.leave(
        "Report", session, after, REQUEST_ID=request, REPORT_ID=report, REPORT_ID_DERIVED=long_id(report),
        URI=f"/lightning/r/Report/{long_id(report)}/view", URI_ID_DERIVED=long_id(report), ROW_COUNT=str(rows),
        RENDERING_TYPE="X" if number % 3 else "C", DISPLAY_TYPE="S", ORIGIN="ReportExported", REQUEST_STATUS="S", **cells,
    )  # fmt: skip
    stage.leave(
        "ReportExport", session, after + 0.4, REQUEST_ID=request, URI=f"/{report}", URI_ID_DERIVED=long_id(report)
    )


def call(
    stage: Stage, session: UserSession, after: float, method: str, path: str, entity: str = "", query: str = "",
    rows: int = 0, **cells: str,
) -> None:  # fmt: skip
    """One REST call, in the account of REST calls and in that of all calls."""
    request = stage.request(after, path, session.session_key)
    own = {"STATUS_CODE": "200", "RESPONSE_SIZE": str(900 + rows * 830), **cells}
    stage.leave(
        "RestApi", session, after, REQUEST_ID=request, METHOD=method, URI=path, URI_ID_DERIVED="", QUERY=query,
        ENTITY_NAME=entity, ROWS_PROCESSED=str(rows), REQUEST_STATUS="S", **own,
    )  # fmt: skip
    version = path.partition("/data/v")[2].partition("/")[0] or "62.0"
    stage.leave(
        "ApiTotalUsage", session, after, REQUEST_ID=request, HTTP_METHOD=method, API_FAMILY="REST", API_VERSION=version,
        API_RESOURCE=path, ENTITY_NAME=entity, API_CLIENT_CATEGORY="", COUNTS_AGAINST_API_LIMIT="1", **own,
    )  # fmt: skip


def look_around(stage: Stage, session: UserSession, after: float, objects: Sequence[str], pause: float) -> None:
    """The list of objects, each one's description, the limits."""
    call(stage, session, after, "GET", f"{BASE}/sobjects/")
    for number, name in enumerate(objects, start=1):
        call(stage, session, after + number * pause, "GET", f"{BASE}/sobjects/{name}/describe", name)
    call(stage, session, after + (len(objects) + 1) * pause, "GET", f"{BASE}/limits")


def query_job(
    stage: Stage, session: UserSession, after: float, number: int, entity: str, records: int, *,
    states: Sequence[tuple[str, float]] = (("created", 0), ("inProgress", 20), ("complete", 150)),
    cells: Mapping[str, str] | None = None, base: str = BASE,
) -> str:  # fmt: skip
    """A bulk query. `states`: each with its seconds after the job was made; `cells`: of its calls and rows.

    Returns the path of the job.
    """
    job, own = long_id(short_id("Job", number)), cells or {}
    path = f"{base}/jobs/query/{job}"
    for state, later in states:
        method = {"created": "POST", "deleted": "DELETE"}.get(state, "GET")
        to = path if state != "created" else f"{base}/jobs/query"
        call(stage, session, after + later, method, to, entity, "", 0, **own)
        done = state in ("complete", "deleted")
        stage.leave(
            "BulkApi2", session, after + later, URI=path, URI_ID_DERIVED=job, JOB_ID=job, OPERATION_TYPE="query",
            ENTITY_TYPE=entity, JOB_STATUS=state, RECORDS_PROCESSED=str(records if done else 0), RECORDS_FAILED="0",
            RESULT_SIZE_MB=str(records // 1500 if done else 0), **own,
        )  # fmt: skip
    return path


def download_file(stage: Stage, session: UserSession, after: float, number: int, size: int) -> None:
    document, version = (short_id(kind, number) for kind in ("ContentDocument", "ContentVersion"))
    stage.leave(
        "ContentTransfer", session, after, TRANSACTION_TYPE="VersionDownloadAction", DOCUMENT_ID=document,
        DOCUMENT_ID_DERIVED=long_id(document), VERSION_ID=version, VERSION_ID_DERIVED=long_id(version),
        FILE_TYPE=("PDF", "EXCEL_X", "ZIP")[number % 3], SIZE_BYTES=str(size),
    )  # fmt: skip


def open_list(stage: Stage, session: UserSession, after: float, name: str, page: int) -> None:
    """A list view, as a page and as the call that loads its rows."""
    stage.leave(
        "LightningPageView", session, after, PAGE_URL=f"/lightning/o/{name}/list?filterName=All&page={page}",
        PAGE_ENTITY_TYPE=name, PAGE_ENTITY_ID="", PAGE_CONTEXT="force:objectHome",
    )  # fmt: skip
    stage.leave(
        "AuraRequest", session, after + 0.6, ACTION_MESSAGE="aura://ListUiController/ACTION$postListRecordsByName",
        REQUEST_STATUS="S",
    )  # fmt: skip


def fail_login(stage: Stage, session: UserSession, after: float, status: str = WRONG_PASSWORD) -> None:
    """A login that comes to nothing: no session, no keys."""
    stage.leave("Login", session, after, LOGIN_STATUS=status, REQUEST_STATUS="F", SESSION_KEY="", LOGIN_KEY="")
