"""What ECS fields hold: addresses, ids, numbers, durations, words, and the cells that differ from them."""

from __future__ import annotations

import json

import polars as pl
import pytest

from tests.normalize.batches import NORMALIZER, batch_of, cells_of, shaped


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
