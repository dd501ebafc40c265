"""Reading data, as real-time events: reports, queries over every API, results of bulk queries, list views."""

from __future__ import annotations

import polars as pl

from agent.simulator.event_stream.twin import (
    Fields,
    Twin,
    actor,
    cell,
    choice,
    drawn,
    long_cell,
    said,
    text,
    whole,
)
from agent.simulator.log_files.traffic import ACTOR
from agent.simulator.world.record_id import long_id, pool, short_id

LARGE = 10_000
"""Rows from which a report is one of a whole object, and is called so."""
NOTIFIED = 60_000
"""Rows from which the org's one transaction security policy on exports notifies somebody."""
UNKNOWN_ROWS = -1
"""What ApiEvent gives as rows where they are not known, as for the Bulk API (Platform Events Developer Guide: ApiEvent)."""

_NAMES = (
    "Weekly numbers", "Pipeline by region", "Open cases by age", "Renewals next quarter", "Öffnungszeiten Filialen",
    "Win rate", "Backlog", "Forecast", "Activities per owner", "Returns", "Campaign results",
)  # fmt: skip
_PLURALS = {
    "Account": "accounts",
    "Contact": "contacts",
    "Opportunity": "opportunities",
    "Lead": "leads",
    "Case": "cases",
}
_COLUMNS = {
    "Account": "[Account Name, Industry, Annual Revenue, Billing Country]",
    "Contact": "[First Name, Last Name, Email, Phone]",
    "Opportunity": "[Opportunity Name, Amount, Stage, Close Date]",
    "Case": "[Case Number, Subject, Status, Priority]",
    "Lead": "[Name, Company, Email, Lead Status]",
}
_FORMATS = {"S": "Summary", "D": "Tabular", "H": "Matrix"}
_RECORDS = pool("Contact", 4000)


def _records(rows: pl.Expr) -> pl.Expr:
    """The JSON text that lists what was read, as far as its first record."""
    first = drawn(1, len(_RECORDS)).replace_strict(dict(enumerate(map(long_id, _RECORDS))), return_dtype=pl.String)
    parts = (text('{"totalSize":'), rows.cast(pl.String), text(',"rows":[{"datacells":["'), first, text('"]}]}'))
    return pl.concat_str(parts)


_EXPORTED = pl.col("ORIGIN").str.starts_with("ReportExported")
_ENTITY = pl.coalesce(cell("ENTITY_NAME"), text("Account"))
_ROWS = whole("ROW_COUNT")
_STOPPED = _EXPORTED & (_ROWS >= NOTIFIED)

REPORT: dict[str, pl.Expr] = {
    "Operation": cell("ORIGIN"),
    "ReportId": cell("REPORT_ID_DERIVED"),
    "Name": pl.when(_EXPORTED & (_ROWS >= LARGE))
    .then(pl.concat_str(text("All "), pl.col("ENTITY_NAME").replace_strict(_PLURALS, default="accounts")))
    .otherwise(choice(0, _NAMES)),
    "RowsProcessed": _ROWS.cast(pl.Float64),
    "NumberOfColumns": whole("NUMBER_COLUMNS"),
    "ColumnHeaders": said("ENTITY_NAME", _COLUMNS, "[Name, Owner, Created Date]"),
    "QueriedEntities": _ENTITY,
    "DisplayedFieldEntities": _ENTITY,
    "Format": said("DISPLAY_TYPE", _FORMATS, "Tabular"),
    "ExportFileFormat": pl.when(_EXPORTED).then(said("RENDERING_TYPE", {"X": "Excel", "C": "CSV"}, "Excel")),
    "EventSource": pl.when(pl.col("ORIGIN").str.contains("Api")).then(text("API"))
    .when(pl.col("ORIGIN").str.contains("Classic")).then(text("Classic")).otherwise(text("Lightning")),
    "ExecutionIdentifier": pl.col("_execution"),
    "Sequence": pl.lit(1, dtype=pl.Int64),
    "Scope": text("organization"),
    "IsScheduled": pl.col("ORIGIN") == "ReportScheduled",
    "OwnerId": actor("user_long"),
    "Records": _records(_ROWS),
    "EvaluationTime": pl.when(_EXPORTED).then((drawn(4, 40) + 1).cast(pl.Float64)),
    "PolicyId": pl.when(_STOPPED).then(text(long_id(short_id("TransactionSecurityPolicy", 1000)))),
    "PolicyOutcome": pl.when(_STOPPED).then(text("Notified")).when(_EXPORTED).then(text("NoAction")),
}  # fmt: skip

_QUERY_PATH = r"^/services/data/v[\d.]+/query(?:All)?(?:[/?]|$)"
_RESULT_PATH = r"/jobs/query/\w+/results"
_READS = pl.col("OPERATION_TYPE").is_in(["query", "queryAll"])


def _api(kind: str, rows: pl.Expr, query: pl.Expr, operation: pl.Expr, application: pl.Expr) -> dict[str, pl.Expr]:
    """Fields of a query over any API. `application`: the connected app's id of 18 characters, null for none."""
    return {
        "ApiType": text(kind),
        "Operation": operation,
        "Query": query,
        "RowsProcessed": rows.cast(pl.Float64),
        "RowsReturned": pl.min_horizontal(rows, pl.lit(2_000)).cast(pl.Float64),
        "ElapsedTime": whole("RUN_TIME"),
        "RequestIdentifier": cell("REQUEST_ID"),
        "ConnectedAppId": application,
        "Application": pl.coalesce(actor("application"), text("N/A")),
        "Client": actor("client_name"),
        "Platform": text("Unknown"),
        "UserAgent": actor("user_agent"),
        "EvaluationTime": pl.lit(0.0),
    }


# Awkward content makes one cell of a frame huge, another in another window of time; an event is the same in every window.
_PLAIN_QUERY = cell("QUERY").str.replace(r"(?:SELECT Id FROM Account WHERE Name = 'x' OR ){99,}$", "")
_SUCCESS = pl.when(pl.col("REQUEST_STATUS") == "F").then(text("Failure")).otherwise(text("Success"))
_APPLICATION = long_cell("CONNECTED_APP_ID")

REST = _api(
    "REST", whole("ROWS_PROCESSED"), _PLAIN_QUERY,
    pl.when(pl.col("URI").str.contains("/query/")).then(text("QueryMore"))
    .when(pl.col("URI").str.contains("/queryAll")).then(text("QueryAll")).otherwise(text("Query")),
    _APPLICATION,
) | {
    "ApiVersion": pl.col("URI").str.extract(r"/v(\d+\.\d)").cast(pl.Float64, strict=False),
    "QueriedEntities": cell("ENTITY_NAME"),
    "OperationStatus": _SUCCESS,
    "UserAgent": pl.coalesce(cell("USER_AGENT"), actor("user_agent")),
    "Records": _records(whole("ROWS_PROCESSED")),
}  # fmt: skip

_SOAP = {"P": "SOAP Partner", "E": "SOAP Enterprise", "T": "SOAP Tooling"}
SOAP = _api(
    "SOAP Partner", whole("ROWS_PROCESSED"), _PLAIN_QUERY,
    pl.col("METHOD_NAME").replace_strict({"query": "Query", "queryMore": "QueryMore", "queryAll": "QueryAll"}, default="Query"),
    long_cell(f"{ACTOR}application_id"),
) | {
    "ApiType": said("API_TYPE", _SOAP, "SOAP Partner"),
    "ApiVersion": pl.col("URI").str.extract(r"/(\d+\.\d)$").cast(pl.Float64, strict=False),
    "QueriedEntities": cell("ENTITY_NAME"),
    "OperationStatus": _SUCCESS,
}  # fmt: skip

_BULK_QUERY = pl.concat_str(
    text("SELECT Id, Name, CreatedDate FROM "), pl.coalesce(cell("ENTITY_TYPE"), text("Account"))
)
BULK = _api(
    "Bulk API", pl.lit(UNKNOWN_ROWS, dtype=pl.Int64), _BULK_QUERY, text("Query"), long_cell(f"{ACTOR}application_id")
) | {
    "RowsReturned": pl.lit(float(UNKNOWN_ROWS)),
    "ApiVersion": pl.col("URI").str.extract(r"/async/(\d+\.\d)/").cast(pl.Float64, strict=False),
    "QueriedEntities": cell("ENTITY_TYPE"),
    "OperationStatus": text("Success"),
}  # fmt: skip

LIST_VIEW: Fields = {
    "Name": choice(0, ("Recently Viewed", "All", "My Team", "This Week")),
    "DeveloperName": choice(0, ("Recent", "All", "MyTeam", "ThisWeek")),
    "AppName": cell("APP_NAME"),
    "QueriedEntities": pl.col("PAGE_URL").str.extract(r"/lightning/o/(\w+)/list"),
    "ColumnHeaders": text("[Name, Owner Alias, Last Modified Date]"),
    "NumberOfColumns": pl.lit(3, dtype=pl.Int64),
    "RowsProcessed": (drawn(2, 181) + 20).cast(pl.Float64),
    "Records": _records(drawn(2, 181) + 20),
    "EventSource": text("Lightning"),
    "ExecutionIdentifier": pl.col("_execution"),
    "Sequence": pl.lit(1, dtype=pl.Int64),
    "OrderBy": text("[Name ASC NULLS FIRST]"),
    "Scope": text("everything"),
    "OwnerId": actor("user_long"),
    "EvaluationTime": pl.lit(0.0),
}

TWINS = (
    Twin("ReportEvent", "Report", REPORT),
    Twin("ReportEvent", "AsyncReportRun", REPORT | {"DashboardId": long_cell("DASHBOARD_ID")}),
    Twin("ApiEvent", "RestApi", REST, pl.col("URI").str.contains(_QUERY_PATH)),
    Twin("ApiEvent", "API", SOAP, pl.col("METHOD_NAME").is_in(["query", "queryMore", "queryAll"])),
    Twin("ApiEvent", "BulkApi", BULK, _READS),
    # A job's result is taken as it completes, or in pages by calls of its own; one of the older API batch by batch.
    Twin("BulkApiResultEvent", "BulkApi2", {"Query": _BULK_QUERY}, _READS & (pl.col("JOB_STATUS") == "complete")),
    Twin("BulkApiResultEvent", "BulkApi", {"Query": _BULK_QUERY}, _READS & pl.col("URI").str.ends_with("/result")),
    Twin("BulkApiResultEvent", "RestApi", {"Query": _PLAIN_QUERY}, pl.col("URI").str.contains(_RESULT_PATH)),
    Twin("ListViewEvent", "LightningPageView", LIST_VIEW, pl.col("PAGE_URL").str.contains(r"^/lightning/o/\w+/list")),
)
