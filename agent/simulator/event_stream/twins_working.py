"""Pages, files, rights and refused Apex, as real-time events."""

from __future__ import annotations

import polars as pl

from agent.simulator.event_stream.twin import Fields, Twin, actor, cell, choice, drawn, long_cell, said, text, whole
from agent.simulator.world.record_id import long_id, short_id

_ENTITIES = {"001": "Account", "003": "Contact", "006": "Opportunity", "00Q": "Lead", "500": "Case", "00O": "Report"}


def _entity(ident: pl.Expr) -> pl.Expr:
    """The object of a record id, by its first three characters."""
    return ident.str.slice(0, 3).replace_strict(_ENTITIES, default=None, return_dtype=pl.String)


URI: Fields = {
    "Name": choice(0, ("Home", "Record", "List")),
    "Operation": text("Read"),
    "OperationStatus": pl.when(pl.col("REQUEST_STATUS") == "F").then(text("Failure")).otherwise(text("Success")),
    "RecordId": cell("URI_ID_DERIVED").str.extract(r"^(\w{18})$"),
    "QueriedEntities": _entity(pl.col("URI_ID_DERIVED")),
}

LIGHTNING_URI: Fields = {
    "Operation": text("Read"),
    "AppName": cell("APP_NAME"),
    "ConnectionType": cell("CONNECTION_TYPE"),
    "DeviceModel": cell("DEVICE_MODEL"),
    "DevicePlatform": cell("DEVICE_PLATFORM"),
    "DeviceSessionId": cell("DEVICE_SESSION_ID"),
    "Duration": whole("DURATION").cast(pl.Float64),
    "EffectivePageTime": whole("EFFECTIVE_PAGE_TIME").cast(pl.Float64),
    "HasEffectivePageTimeDeviation": pl.col("EFFECTIVE_PAGE_TIME_DEVIATION") == "true",
    "OsName": cell("OS_NAME"),
    "OsVersion": cell("OS_VERSION"),
    "PageStartTime": whole("PAGE_START_TIME"),
    "PageUrl": cell("PAGE_URL"),
    "PreviousPageAppName": cell("PREVPAGE_APP_NAME"),
    "PreviousPageEntityId": long_cell("PREVPAGE_ENTITY_ID"),
    "PreviousPageEntityType": cell("PREVPAGE_ENTITY_TYPE"),
    "PreviousPageUrl": cell("PREVPAGE_URL"),
    "QueriedEntities": cell("PAGE_ENTITY_TYPE"),
    "RecordId": pl.when(pl.col("PAGE_ENTITY_ID").str.len_chars() >= 15).then(long_cell("PAGE_ENTITY_ID")),
    "SdkAppType": cell("SDK_APP_TYPE"),
    "SdkAppVersion": cell("SDK_APP_VERSION"),
    "SdkVersion": cell("SDK_VERSION"),
    "UserAgent": actor("user_agent"),
}

_ACTIONS = {
    "VersionDownloadAction": "UI_DOWNLOAD",
    "VersionDownloadApi": "API_DOWNLOAD",
    "VersionRenditionDownload": "PREVIEW",
    "saveVersion": "UPLOAD",
}
_ENDINGS = {"EXCEL_X": "xlsx", "WORD_X": "docx", "PNG": "png", "POWER_POINT_X": "pptx", "CSV": "csv", "ZIP": "zip"}
_TITLES = ("Price list", "Contract", "Offer", "Customers", "Minutes", "Plan 2027", "Specification", "Übersicht")
_BY_API = pl.col("TRANSACTION_TYPE") == "VersionDownloadApi"

FILE: Fields = {
    "FileAction": said("TRANSACTION_TYPE", _ACTIONS, "UI_DOWNLOAD"),
    "FileName": pl.when(~_BY_API).then(
        pl.concat_str(choice(0, _TITLES), text(" "), (drawn(1, 90) + 1).cast(pl.String), text("."), said("FILE_TYPE", _ENDINGS, "pdf"))
    ),
    "FileType": cell("FILE_TYPE"),
    "FileSource": text("S"),
    "ContentSize": whole("SIZE_BYTES"),
    "DocumentId": pl.when(~_BY_API).then(cell("DOCUMENT_ID_DERIVED")),
    "VersionId": cell("VERSION_ID_DERIVED"),
    "VersionNumber": text("1"),
    "IsLatestVersion": pl.lit(True),
    "CanDownloadPdf": pl.lit(False),
    "ProcessDuration": (drawn(2, 800) + 5).cast(pl.Float64),
    "EvaluationTime": pl.lit(0.0),
}  # fmt: skip

_SETS = {number: long_id(short_id("PermissionSet", 1000 + number * 37)) for number in range(40)}
_SET = drawn(1, len(_SETS)).replace_strict(_SETS, return_dtype=pl.String)

PERMISSION: Fields = {
    "Operation": pl.when(pl.col("UPDATE_TYPE") == "Delete").then(text("PermsDisabled")).otherwise(text("PermsEnabled")),
    "PermissionType": pl.col("PERMISSION_TYPE").str.strip_suffix("s"),
    "PermissionList": cell("DESCRIPTION"),
    "ParentIdList": pl.coalesce(long_cell("FEATURE_ID"), _SET),
    "ParentNameList": choice(0, ("Order Entry", "Field Service", "Survey Kit", "Quoting")),
    "EventSource": text("Classic"),
    "UserCount": (drawn(2, 60) + 1).cast(pl.String),
    "HasExternalUsers": pl.lit(False),
    "EvaluationTime": pl.lit(0.0),
}

REFUSED_APEX: Fields = {
    "CurrentValue": pl.lit(10, dtype=pl.Int64),
    "LimitValue": pl.lit(10, dtype=pl.Int64),
    "Quiddity": choice(0, ("A", "V", "R", "X")),
    "RequestId": cell("REQUEST_ID"),
    "RequestUri": choice(1, ("/aura", "/services/apexrest/orders", "/apex/OrderConsole")),
}

TWINS = (
    Twin("UriEvent", "URI", URI, ~pl.col("URI").str.starts_with("/setup")),
    Twin("LightningUriEvent", "LightningPageView", LIGHTNING_URI),
    Twin("FileEvent", "ContentTransfer", FILE),
    Twin(
        "PermissionSetEvent", "PermissionUpdate", PERMISSION,
        (pl.col("CONTEXT") == "PermissionSet") & (pl.col("PERMISSION_TYPE") != "FieldPermissions"),
    ),
    Twin(
        "ConcurLongRunApexErrEvent", "ApexUnexpectedException", REFUSED_APEX,
        pl.col("EXCEPTION_TYPE") == "System.LimitException",
    ),
)  # fmt: skip
