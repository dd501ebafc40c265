from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.model import OWN_EVENT_TYPE, Batch
from agent.normalize.mapping.ecs_fields import ecs_table
from agent.normalize.shape import Normalizer
from tests.golden.documents import (
    CREATED,
    FOLDER,
    ORG,
    SEEN,
    SERVICE,
    documents,
    golden_batch,
    shipped_normalizer,
    to_lines,
)

EVENT_TYPES = sorted(path.stem for path in Path(FOLDER).glob("*.csv"))
NORMALIZER = shipped_normalizer()


def batch_of(event_type: str, **columns: list[str | None]) -> Batch:
    frame = pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))
    ids = pl.Series("event.id", [f"{row:032x}" for row in range(frame.height)])
    return Batch(ORG, SERVICE, event_type, frame.with_columns(ids))


def shaped(batch: Batch, normalizer: Normalizer = NORMALIZER) -> pl.DataFrame:
    return normalizer.shape(normalizer.prepare(batch), batch, SEEN)


def cells_of(frame: pl.DataFrame) -> list[dict[str, str]]:
    return [{name: cell for name, cell in row.items() if cell is not None} for row in frame.to_dicts()]


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_golden_pair(event_type: str) -> None:
    """A log file of each mapped event type gives exactly the documents beside it."""
    expected = (FOLDER / f"{event_type}.ndjson").read_text(encoding="utf-8")
    assert to_lines(documents(NORMALIZER, golden_batch(event_type))) == expected


def test_every_mapping_has_a_golden_pair() -> None:
    """A mapping without a golden pair fails the tests."""
    assert {mapping.event_type for mapping in NORMALIZER.mappings.all()} == set(EVENT_TYPES)


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_golden_file_has_the_whole_header(event_type: str) -> None:
    """A golden log file has every column of its event type, but two that are documented and were never seen."""
    columns = set(golden_batch(event_type).frame.columns) - {"event.id"}
    missing = NORMALIZER.mappings.get(SERVICE, event_type).header ^ columns
    assert missing <= {"SECURE_CONNECT_START", "QUERY_ID"}


def _flat(doc: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in doc.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def _fits(ecs_type: str, value: Any) -> bool:
    match ecs_type:
        case "long" | "integer":
            return type(value) is int and -(2**63) <= value < 2**63
        case "boolean":
            return type(value) is bool
        case "date":
            return datetime.fromisoformat(value).tzinfo is not None
        case "ip":
            import ipaddress

            return bool(ipaddress.ip_address(value))
        case "keyword" | "wildcard" | "match_only_text" | "constant_keyword":
            return type(value) is str
    return False


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_ecs_field_is_one(event_type: str) -> None:
    """Every field that is not our own exists in ECS, with its type, as an array where ECS wants one, its value allowed."""
    table = ecs_table().fields
    for doc in documents(NORMALIZER, golden_batch(event_type)):
        for name, value in _flat(doc).items():
            if name.startswith(("salesforce.", "leakline.")):
                continue
            field = table[name]
            values = value if field.array else [value]
            assert isinstance(value, list) == field.array, name
            assert all(_fits(field.type, one) for one in values), (name, value)
            assert not field.values or set(values) <= set(field.values), (name, value)


def test_a_field_of_ours_has_one_type_everywhere() -> None:
    """No `salesforce.*` field has two types over the golden documents of all event types."""
    types: dict[str, set[str]] = {}
    for event_type in EVENT_TYPES:
        for name, dtype in shaped(golden_batch(event_type)).schema.items():
            if name.startswith("salesforce."):
                types.setdefault(name, set()).add(str(dtype))
    assert {name: found for name, found in types.items() if len(found) > 1} == {}


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_golden_files_can_be_had_back(event_type: str) -> None:
    """From the shaped events of each type the raw cells come back, every one."""
    batch = golden_batch(event_type)
    assert cells_of(NORMALIZER.unshape(shaped(batch))) == cells_of(batch.frame)


def test_events_of_many_types_come_back_from_an_archive() -> None:
    """An archive of nested documents, read again with times as text, gives the raw cells of every row in its order."""
    docs = [doc for event_type in EVENT_TYPES for doc in documents(NORMALIZER, golden_batch(event_type))]
    archive = pl.from_dicts([_flat(doc) for doc in docs[::-1]], infer_schema_length=None)
    raw = [row for event_type in EVENT_TYPES for row in cells_of(golden_batch(event_type).frame)]
    assert cells_of(NORMALIZER.unshape(archive)) == raw[::-1]


CELL = st.one_of(
    st.none(),
    st.text(min_size=1, max_size=12),
    st.sampled_from(["0", "1", "true", "False", "007", "+5", "-0", "12.0", "1e3", "9223372036854775808", "NaN", " "]),
    st.sampled_from(["20260302081505.718", "20260302081505", "20260302081505.7", "2026-03-02T08:15:05.718Z"]),
    st.sampled_from(["2026-03-02 08:15:05.718Z", "2026-03-02T08:15:05+0000", "2026-02-30T08:15:05.718Z"]),
    st.sampled_from(
        ["005Kz00000Vol61", "005Kz00000Vol61IAB", "005Kz00000Vol61XXX", "005Kz00000Vol6é", "00DKz00000Irg9q"]
    ),
    st.sampled_from(["10.0.0.1", "010.0.0.1", "2001:DB8::1", "fe80::1%eth0", "Salesforce.com IP", "1.2.3.4, 5.6.7.8"]),
    st.sampled_from(
        ["\t", "\u00a0 ", "[2001:DB8::1]:443", "::ffff:1.2.3.4", "1.2.3.4:80", "2001:db8::1%25x", "rv%3A5 C"]
    ),
    st.sampled_from(["A.b=5;aura://C/ACTION$d", "1$C/ACTION$d$e=5;;", "G", "n", "12.50", "-7"]),
    st.sampled_from(["/a?b=c#d", "https://u:p@h:99999/x", "//h/x", '"https://h/x"', "a%20b", "Mozilla%2F5.0+%28X%29"]),
    st.sampled_from(["LOGIN_NO_ERROR", "S", "F", "200", "500", "X", '{"a":"\\u0000"}', "a\nb", "\u2028", "Login"]),
)
COLUMNS = [
    "EVENT_TYPE",
    "TIMESTAMP",
    "TIMESTAMP_DERIVED",
    "ORGANIZATION_ID",
    "USER_ID",
    "USER_ID_DERIVED",
    "USER_NAME",
    "RUN_TIME",
    "DURATION",
    "SUCCESS",
    "CLIENT_IP",
    "SOURCE_IP",
    "URI",
    "URL",
    "LOGIN_STATUS",
    "BROWSER_TYPE",
    "STATUS_CODE",
    "DB_TOTAL_TIME",
    "REPORT_ID",
    "REPORT_ID_DERIVED",
    "URI_ID_DERIVED",
    "ROW_COUNT",
    "NEVER_SEEN",
    "NEVER_SEEN_DERIVED",
    "USER",
    "mixedCase",
    "source.ip",
    "EXCEPTION_MESSAGE",
    "ERROR_MESSAGE",
    "ACTION_MESSAGE",
    "USER_AGENT",
    "USER_TYPE",
]


@st.composite
def raw_batches(draw: st.DrawFn) -> Batch:
    event_type = draw(st.sampled_from([*EVENT_TYPES, "NobodyKnowsThis", "report"]))
    columns = draw(st.lists(st.sampled_from(COLUMNS), unique=True, min_size=1))
    rows = draw(st.integers(0, 4))
    return batch_of(event_type, **{name: draw(st.lists(CELL, min_size=rows, max_size=rows)) for name in columns})


@settings(max_examples=300, deadline=None)
@given(raw_batches())
def test_any_cells_come_back(batch: Batch) -> None:
    """Whatever stands in a raw frame, in whatever columns, can be read back from its shaped events, cell by cell."""
    frame = shaped(batch)
    assert frame.height == batch.frame.height
    assert cells_of(NORMALIZER.unshape(frame)) == cells_of(batch.frame)


@settings(max_examples=100, deadline=None)
@given(raw_batches())
def test_preparing_adds_and_changes_nothing(batch: Batch) -> None:
    """A prepared frame has the raw columns as they were, in their places, and computed ones behind them."""
    prepared = NORMALIZER.prepare(batch)
    assert prepared.select(batch.frame.columns).equals(batch.frame)
    assert prepared.columns[: batch.frame.width] == batch.frame.columns


def test_without_a_time_there_is_none() -> None:
    """A row whose times cannot be read has a null time and says so; it does not get the time it was read at."""
    told: list[tuple[str, int]] = []
    normalizer = Normalizer(NORMALIZER.mappings, report=lambda problem, rows: told.append((problem, rows)))
    batch = batch_of("Logout", TIMESTAMP=["x", None, "20260302081505.7"], TIMESTAMP_DERIVED=[None, "soon", ""])
    frame = shaped(batch, normalizer)
    assert frame["@timestamp"].to_list() == [None, None, datetime(2026, 3, 2, 8, 15, 5, 700_000, UTC)]
    assert frame["leakline.problems"].to_list() == [["no_time"], ["no_time"], None]
    assert told == [("no_time", 2)]


def test_an_address_is_one_or_goes_elsewhere() -> None:
    """`Salesforce.com IP` and other text never reach an `ip` field, but are kept as source.address."""
    frame = shaped(batch_of("RestApi", CLIENT_IP=["Salesforce.com IP", "192.0.2.7", None, "01.2.3.4"]))
    assert frame["source.ip"].to_list() == [None, "192.0.2.7", None, None]
    assert frame["client.ip"].to_list() == [None, "192.0.2.7", None, None]
    assert frame["source.address"].to_list() == ["Salesforce.com IP", None, None, "01.2.3.4"]
    assert frame["related.ip"].to_list() == [None, ["192.0.2.7"], None, None]


def test_login_from_elsewhere_than_the_client() -> None:
    """The source of a login is SOURCE_IP where there is one, else CLIENT_IP."""
    frame = shaped(batch_of("Login", CLIENT_IP=["192.0.2.1", "192.0.2.2"], SOURCE_IP=["192.0.2.9", None]))
    assert frame["source.ip"].to_list() == ["192.0.2.9", "192.0.2.2"]
    assert frame["client.ip"].to_list() == ["192.0.2.1", "192.0.2.2"]
    assert frame["related.ip"].to_list() == [["192.0.2.9", "192.0.2.1"], ["192.0.2.2"]]


def test_unknown_columns_and_types_are_kept() -> None:
    """An event type and columns nobody described are normalised as far as they are like others, and lose nothing."""
    batch = batch_of("BrandNewThing", USER_ID=["005Kz00000Vol61"], SOME_NEW_COLUMN=["7"], CLIENT_IP=["192.0.2.7"])
    row = shaped(batch).row(0, named=True)
    assert row["user.id"] == "005Kz00000Vol61IAB"
    assert row["source.ip"] == "192.0.2.7"
    assert row["salesforce.some_new_column"] == "7"
    assert row["event.action"] == "brand-new-thing"
    assert row["event.provider"] == "BrandNewThing"


def test_a_number_that_is_none_is_kept_beside() -> None:
    """Text in a column of numbers leaves the field empty and stays, as it was, in the raw cells."""
    frame = shaped(batch_of("Report", ROW_COUNT=["12", "many", "0012", "7.0"]))
    assert frame["salesforce.row_count"].to_list() == [12, None, 12, 7]
    raw = [json.loads(text) if text else None for text in frame["leakline.raw_cells"]]
    assert [cells and cells.get("ROW_COUNT") for cells in raw] == [None, "many", "0012", "7.0"]
    assert frame["leakline.problems"].to_list() == [
        ["no_time"],
        ["unreadable_cell", "no_time"][::-1],
        ["no_time"],
        ["no_time"],
    ]


def test_a_wrong_id_suffix_is_a_warning() -> None:
    """An 18-character id that fails its checksum is used as it is, and marked."""
    frame = shaped(batch_of("Report", USER_ID_DERIVED=["0055f00000AbCdEAAV", "0055f00000AbCdEAAQ"]))
    assert frame["user.id"].to_list() == ["0055f00000AbCdEAAV", "0055f00000AbCdEAAQ"]
    assert ["wrong_id_suffix" in problems for problems in frame["leakline.problems"]] == [False, True]


def test_durations_are_nanoseconds() -> None:
    """Milliseconds become nanoseconds; the type that has nanoseconds already keeps them."""
    assert shaped(batch_of("RestApi", RUN_TIME=["12"]))["event.duration"][0] == 12_000_000
    assert shaped(batch_of("ApexCallout", TIME=["3"], RUN_TIME=["99"]))["event.duration"][0] == 3_000_000
    assert shaped(batch_of("InvocableAction", DURATION=["512"]))["event.duration"][0] == 512
    assert "event.duration" not in shaped(batch_of("RestApi", RUN_TIME=["-1"])).columns


def test_one_field_has_one_unit() -> None:
    """Database time in milliseconds has another field than database time in nanoseconds."""
    assert "salesforce.db_total_time" in shaped(batch_of("RestApi", DB_TOTAL_TIME=["1"])).columns
    assert "salesforce.db_total_time_ms" in shaped(batch_of("ApexTrigger", DB_TOTAL_TIME=["1"])).columns


@pytest.mark.parametrize(
    ("origin", "rendering", "action"),
    [
        ("ReportRunFromLightning", "W", "report-run"),
        ("ReportRunFromLightning", "X", "report-exported"),
        ("ReportExportedUsingExcelConnector", "W", "report-exported"),
        (None, "P", "report-printed"),
        ("ReportScheduled", "E", "report-run-on-schedule"),
        (None, None, "report-run"),
    ],
)
def test_what_happened_to_a_report(origin: str | None, rendering: str | None, action: str) -> None:
    """An export is told from a look at the screen, whichever column says so."""
    frame = shaped(batch_of("Report", ORIGIN=[origin, None], RENDERING_TYPE=[rendering, "W"]))
    assert frame["event.action"].to_list() == [action, "report-run"]


def test_enrichment_travels_along() -> None:
    """Dotted columns that somebody added to the prepared frame are shipped, and a name they fill is no raw cell."""
    batch = batch_of("Login", USER_ID=["005Kz00000Vol61"] * 2, USER_NAME=["ann@example.com", None])
    prepared = NORMALIZER.prepare(batch).with_columns(
        pl.lit("ann@example.com").alias("user.name"),
        pl.lit("browser").alias("leakline.client_kind"),
        pl.lit(64496).alias("source.as.number"),
        pl.lit("Support").alias("salesforce.user.profile"),
    )
    frame = NORMALIZER.shape(prepared, batch, SEEN)
    assert frame["leakline.client_kind"].to_list() == ["browser", "browser"]
    assert frame["source.as.number"].to_list() == [64496, 64496]
    assert frame["related.user"].to_list() == [["005Kz00000Vol61IAB", "005Kz00000Vol61", "ann@example.com"]] * 2
    assert NORMALIZER.unshape(frame)["USER_NAME"].to_list() == ["ann@example.com", None]
    assert "USER.PROFILE" not in NORMALIZER.unshape(frame).columns


def test_fewer_rows_than_the_batch() -> None:
    """Rows left out on the way (a poison row) are simply not there."""
    batch = batch_of("Report", ROW_COUNT=["1", "2", "3"])
    less = replace(batch, frame=batch.frame[1:])
    frame = NORMALIZER.shape(NORMALIZER.prepare(less), batch, SEEN)
    assert frame["salesforce.row_count"].to_list() == [2, 3]


def test_the_time_of_first_sight() -> None:
    """`event.created` is when the batch was first seen, in UTC; when a destination gets it, nobody can know yet."""
    batch = replace(batch_of("Report", ROW_COUNT=["1"]), created=CREATED)
    frame = shaped(batch)
    assert frame["event.created"].to_list() == [CREATED]
    assert shaped(batch_of("Report", ROW_COUNT=["1"]))["event.created"].to_list() == [SEEN]
    assert "event.ingested" not in frame.columns
    assert frame.schema["event.created"] == frame.schema["@timestamp"] == pl.Datetime("ms", "UTC")


@pytest.mark.parametrize(
    ("event_type", "family"),
    [("Login", "login"), ("ReportExport", "report"), ("RestApi", "api"), ("PermissionUpdate", "permission"),
     ("AuraRequest", "ui"), ("ContentTransfer", "file"), ("BrandNewThing", "other")],
)  # fmt: skip
def test_the_data_set_is_the_family_of_events(event_type: str, family: str) -> None:
    """`event.dataset` tells families apart; the service is beside it, and a new event type belongs to `other`."""
    frame = shaped(batch_of(event_type, URI=["/x"]))
    assert frame["event.dataset"].to_list() == [f"salesforce.{family}"]
    assert frame["leakline.service"].to_list() == [SERVICE]
    assert frame["event.provider"].to_list() == [event_type]


def test_families_are_few() -> None:
    """A dozen data sets over all event types, each of more than one type."""
    families = [mapping.dataset for mapping in NORMALIZER.mappings.all()]
    assert len(set(families)) == 12
    assert min(map(families.count, families)) > 1


def test_a_service_without_mappings_is_a_family_of_its_own() -> None:
    """Rows of a service that nobody described are told apart by the service."""
    batch = replace(batch_of("Changed", ACTION=["x"]), source="setup_audit_trail")
    assert shaped(batch)["event.dataset"].to_list() == ["salesforce.setup_audit_trail"]


@pytest.mark.parametrize("event_type", ["Login", "BrandNewThing"])
def test_events_from_before_there_were_families_give_their_rows_back(event_type: str) -> None:
    """An archive whose `event.dataset` is the service is read as before."""
    frame = shaped(batch_of(event_type, URI=["/x"], LOGIN_STATUS=["LOGIN_NO_ERROR"]))
    old = frame.drop("leakline.service").with_columns(pl.lit("salesforce.event_log_file").alias("event.dataset"))
    assert cells_of(NORMALIZER.unshape(old)) == cells_of(NORMALIZER.unshape(frame))
    assert cells_of(
        NORMALIZER.unshape(pl.concat([old, frame], how="diagonal").drop("event.id").with_row_index("event.id"))
    )


def test_the_original_row_is_kept_on_request() -> None:
    """`event.original` is a JSON object of the row's cells, only when the settings ask for it."""
    batch = batch_of("Report", ROW_COUNT=["01", None], ORIGIN=['say "hi"\n\\', None])
    assert "event.original" not in shaped(batch).columns
    frame = shaped(batch, Normalizer(NORMALIZER.mappings, keep_original=True))
    assert json.loads(frame["event.original"][0]) == {"ROW_COUNT": "01", "ORIGIN": 'say "hi"\n\\'}
    assert frame["event.original"][1] is None


def test_own_events_pass() -> None:
    """Leakline's own events have ECS names already; only what every event has is added."""
    row = {"@timestamp": [SEEN], "event.id": ["a" * 32], "event.dataset": ["leakline.agent"], "message": ["hi"]}
    batch = Batch(ORG, "agent", OWN_EVENT_TYPE, pl.DataFrame(row))
    frame = shaped(batch)
    assert NORMALIZER.prepare(batch).equals(batch.frame)
    assert frame["message"].to_list() == ["hi"]
    assert frame["event.dataset"].to_list() == ["leakline.agent"]
    assert frame["organization.id"].to_list() == [ORG]
    assert frame["observer.vendor"].to_list() == ["Leakline"]


def test_an_empty_batch_has_a_shape() -> None:
    """No rows in, no rows out, with the columns that are always there."""
    frame = shaped(batch_of("Report", ROW_COUNT=[], TIMESTAMP_DERIVED=[]))
    assert frame.height == 0
    assert {"@timestamp", "event.id", "event.dataset"} <= set(frame.columns)
    assert NORMALIZER.unshape(frame).height == 0


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("API_TYPE", "P", "SOAP Partner"),
        ("API_TYPE", "p", "SOAP ClientSync"),
        ("APP_TYPE", "2514", "OAuth"),
        ("PLATFORM_TYPE", "1015", "Windows 10"),
        ("SESSION_LEVEL", "10", "High-Assurance Session"),
        ("SESSION_TYPE", "O", "Oauth2"),
        ("USER_TYPE", "n", "CSN Only"),
        ("USER_TYPE", "N", "Salesforce to Salesforce"),
        ("USER_TYPE", "g", None),
        ("USER_TYPE", "Standard", None),
        ("PLATFORM_TYPE", "1", None),
    ],
)
def test_codes_are_decoded_beside_the_raw_value(column: str, cell: str, words: str | None) -> None:
    """The words are at `leakline.<column>`, the code stays; capital letters count, and an unknown code has no words."""
    frame = shaped(batch_of("Logout", **{column: [cell, None]}))
    name = f"leakline.{column.lower()}"
    assert frame.to_dict(as_series=False).get(name) == ([words, None] if words else None)
    assert frame[f"salesforce.{column.lower()}"].to_list() == [cell, None]


@pytest.mark.parametrize(
    ("event_type", "column"),
    [("HostnameRedirects", "MESSAGE"), ("BulkApi", "MESSAGE"), ("BulkApi2", "ERROR_MESSAGE"),
     ("RestApi", "EXCEPTION_MESSAGE"), ("LightningError", "MESSAGE"), ("InsufficientAccess", "ERROR_DESCRIPTION"),
     ("CompositeApi", "FAILURE_REASON"), ("CompositeApiSubrequest", "CANCELLED_REASON"),
     ("ExternalODataCallout", "MESSAGE"), ("BrandNewThing", "MESSAGE")],
)  # fmt: skip
def test_messages_say_why(event_type: str, column: str) -> None:
    """What the vendor says in words is the event's reason."""
    frame = shaped(batch_of(event_type, **{column: ["Redirection was blocked", " "]}))
    assert frame["event.reason"].to_list() == ["Redirection was blocked", None]


def test_a_blank_cell_is_no_value_and_comes_back() -> None:
    """Neither ECS fields nor computed ones nor choices see it, nothing is wrong with the row, and the cell is kept."""
    blanks: dict[str, list[str | None]] = {
        "USER_ID": [" ", "005Kz00000Vol61"],
        "USER_TYPE": ["\u00a0", "G"],
        "TIMESTAMP_DERIVED": ["2026-03-02T08:15:05.718Z"] * 2,
        "CLIENT_IP": ["\t", "192.0.2.1"],
        "USER_AGENT": [" ", "curl/8"],
        "URI": ["  ", "/x"],
        "RUN_TIME": [" ", "5"],
        "REQUEST_STATUS": [" ", "S"],
        "ROWS_PROCESSED": [" ", "7"],
        "QUERY": [" ", "SELECT"],
    }
    batch = batch_of("RestApi", **blanks)
    frame = shaped(batch)
    filled = {name for name in frame.columns if frame[name][0] is not None}
    seen = filled & {
        "user.id", "source.ip", "source.address", "client.ip", "user_agent.original", "url.path", "url.original",
        "event.duration", "event.outcome", "leakline.user_type", "salesforce.user_type", "salesforce.query",
        "related.ip", "related.user", "leakline.problems",
    }  # fmt: skip
    assert seen == set()
    assert cells_of(NORMALIZER.unshape(frame)) == cells_of(batch.frame)


def test_addresses_have_one_form_and_the_raw_one_comes_back() -> None:
    """However a row spells it, `source.ip` is the same; the cell is kept beside it where it differs."""
    spelt = ["2001:DB8::0001", "[2001:db8::1]:443", "2001:db8::1%eth0", "2001:db8:0:0:0:0:0:1", "2001:db8::1"]
    batch = batch_of("RestApi", CLIENT_IP=[*spelt, "::ffff:192.0.2.1", "192.0.2.1:5678"])
    frame = shaped(batch)
    assert frame["source.ip"].to_list() == ["2001:db8::1"] * 5 + ["192.0.2.1"] * 2
    assert frame["client.ip"].equals(frame["source.ip"], check_names=False)
    kept = [json.loads(text).get("CLIENT_IP") for text in frame["leakline.raw_cells"]]
    assert kept == [*spelt[:4], None, "::ffff:192.0.2.1", "192.0.2.1:5678"]
    assert cells_of(NORMALIZER.unshape(frame)) == cells_of(batch.frame)


def test_percent_encoded_user_agents_are_decoded() -> None:
    """With `+`, `%20` or spaces as blanks, in every type; the raw cell comes back."""
    cells: list[str | None] = [
        "Mozilla%2F5.0+%28X11%29",
        "Mozilla%2F5.0%20(X11)",
        "Mozilla/5.0 %28X11%29",
        "Mozilla/5.0 (X11)",
    ]
    for event_type, column in (("RestApi", "USER_AGENT"), ("Login", "BROWSER_TYPE"), ("BrandNewThing", "USER_AGENT")):
        batch = batch_of(event_type, **{column: cells})
        frame = shaped(batch)
        assert frame["user_agent.original"].to_list() == ["Mozilla/5.0 (X11)"] * 4
        assert cells_of(NORMALIZER.unshape(frame)) == cells_of(batch.frame)


def test_an_unknown_column_has_its_numbers_beside_the_text() -> None:
    """The twin is always a decimal, so an index never sees two types; codes, and columns that are known, have none."""
    batch = batch_of(
        "RestApi", NEW_COUNT=["12", "1.5", "many", "007", "12345678901234567890"], API_VERSION=["59.0"] * 5
    )
    frame = shaped(batch)
    assert frame["salesforce.new_count"].to_list() == ["12", "1.5", "many", "007", "12345678901234567890"]
    assert frame["leakline.number.new_count"].to_list() == [12.0, 1.5, None, None, None]
    assert frame.schema["leakline.number.new_count"] == pl.Float64()
    assert [name for name in frame.columns if name.startswith("leakline.number.")] == ["leakline.number.new_count"]
    many: dict[str, list[str | None]] = {f"NEW_{number}": ["1"] for number in range(200)}
    assert sum(name.startswith("leakline.number.") for name in shaped(batch_of("RestApi", **many)).columns) == 50


def test_both_forms_of_an_id_are_related() -> None:
    """A search for 15 characters finds the event as one for 18 does; ids that are none are named once."""
    frame = shaped(batch_of("LoginAs", USER_ID=["005Kz00000Vol61", "x"], DELEGATED_USER_ID=["005Kz00000QQN2e", None]))
    assert frame["related.user"].to_list() == [
        ["005Kz00000Vol61IAB", "005Kz00000Vol61", "005Kz00000QQN2eIAH", "005Kz00000QQN2e"],
        ["x"],
    ]
