"""Who, from where, in which session and with which app: the computed columns that rules group by."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from agent.assembly.sample_rows import prepared
from agent.detection.sigma.log_source import LogSource
from agent.model import Batch
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.shipped import shipped

NORMALIZER = Normalizer(load_mappings([shipped("mappings")])[0])


def row(service: str, event_type: str, **cells: str) -> dict[str, object]:
    frame = pl.DataFrame([{"event.id": "0" * 32, **cells}])
    return NORMALIZER.prepare(Batch("00D5g00000AbCdE", service, event_type, frame)).row(0, named=True)


@pytest.mark.parametrize(
    ("cells", "address"),
    [
        ({"CLIENT_IP": "Salesforce.com IP", "SOURCE_IP": "203.0.113.7"}, "203.0.113.7"),
        ({"CLIENT_IP": "198.51.100.1", "SOURCE_IP": "203.0.113.7"}, "203.0.113.7"),
        ({"CLIENT_IP": "198.51.100.1"}, "198.51.100.1"),
        ({"CLIENT_IP": "Salesforce.com IP", "FORWARDED_FOR_IP": "192.0.2.9"}, None),
        ({"SOURCE_IP": "203.0.113.7", "FORWARDED_FOR_IP": "192.0.2.9"}, "203.0.113.7"),
    ],
)
def test_where_a_login_came_from_is_what_salesforce_saw(cells: dict[str, str], address: str | None) -> None:
    """SOURCE_IP, else CLIENT_IP; never what the sender wrote himself."""
    assert row("event_log_file", "Login", **cells).get("source.ip") == address


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("192.0.2.9", ["192.0.2.9"]),
        ("192.0.2.9, 203.0.113.7,192.0.2.10", ["203.0.113.7", "192.0.2.9", "192.0.2.10"]),
        ('for="[2001:DB8:0:0::1]:4711";proto=https', ["203.0.113.7", "2001:db8::1"]),
        ("192.0.2.9:8080 unknown", ["203.0.113.7", "192.0.2.9"]),
        ("::ffff:192.0.2.9", ["203.0.113.7", "192.0.2.9"]),
        ("unknown", ["203.0.113.7"]),
    ],
)
def test_every_address_of_a_row_is_related(written: str, found: list[str]) -> None:
    """Lists are held against what Salesforce saw and against each address of a forwarded-for value."""
    related = row("event_log_file", "Login", SOURCE_IP="203.0.113.7", FORWARDED_FOR_IP=written)["related.ip"]
    assert related == list(dict.fromkeys(["203.0.113.7", *found]))


def test_a_forwarded_for_value_of_any_length_gives_few_addresses() -> None:
    """Nothing from outside has an unbounded number."""
    written = ",".join(f"10.0.{number // 256}.{number % 256}" for number in range(5_000))
    related = row("event_log_file", "Login", SOURCE_IP="203.0.113.7", FORWARDED_FOR_IP=written)["related.ip"]
    assert isinstance(related, list)
    assert len(related) == 21


@pytest.mark.parametrize(
    ("service", "event_type", "cells", "computed"),
    [
        (
            "event_log_file", "RestApi",
            {"USER_ID": "0055g00000AbCdE", "SESSION_KEY": "s", "LOGIN_KEY": "l", "CONNECTED_APP_ID": "0H45g000000AbCd"},
            {"user.id": "0055g00000AbCdEAAV", "leakline.session": "s", "leakline.app": "0H45g000000AbCdCAK"},
        ),
        (
            "event_log_file", "ApiTotalUsage",
            {"USER_ID": "0055g00000AbCdE", "CONNECTED_APP_NAME": "SalesforceFiles"},
            {"user.id": "0055g00000AbCdEAAV", "leakline.app": "SalesforceFiles"},
        ),
        (
            "real_time_event_monitoring", "ApiEventStream",
            {"UserId": "0055g00000AbCdEAAV", "SourceIp": "203.0.113.7", "LoginKey": "l", "ConnectedAppId": "0H45g000000AbCd"},
            {"user.id": "0055g00000AbCdEAAV", "source.ip": "203.0.113.7", "leakline.session": "l", "leakline.app": "0H45g000000AbCdCAK"},
        ),
        ("event_log_file", "Login", {"SOURCE_IP": "2001:db8:1:2::3", "CLIENT_IP": "203.0.113.7"}, {"leakline.source_network": "2001:db8:1:2::/64"}),
        ("event_log_file", "AuraRequest", {"CLIENT_IP": "2001:db8:1:2::3"}, {"leakline.source_network": "2001:db8:1:2::/64"}),
        ("event_log_file", "SalesforceLoginAs", {"IP_ADDRESS": "203.0.113.7"}, {"leakline.source_network": "203.0.113.7"}),
        ("event_log_file", "BlockedRedirections", {"REMOTE_ADDRESS": "203.0.113.7"}, {"leakline.source_network": "203.0.113.7"}),
        ("real_time_event_monitoring", "LoginEvent", {"SourceIp": "203.0.113.7"}, {"leakline.source_network": "203.0.113.7"}),
        ("event_log_object", "LoginEventLog", {"SourceIp": "2001:db8:1:2::3"}, {"leakline.source_network": "2001:db8:1:2::/64"}),
        ("login_history", "", {"SourceIp": "2001:db8:1:2::3"}, {"leakline.source_network": "2001:db8:1:2::/64"}),
        ("login_history", "", {"UserId": "0055g00000AbCdEAAV", "SourceIp": "203.0.113.7"}, {"source.ip": "203.0.113.7"}),
        ("setup_audit_trail", "", {"CreatedById": "0055g00000AbCdE"}, {"user.id": "0055g00000AbCdEAAV"}),
    ],
)  # fmt: skip
def test_user_session_and_app_have_one_name_in_every_source(
    service: str, event_type: str, cells: dict[str, str], computed: dict[str, str]
) -> None:
    """Short and long ids of one user are one user, whichever source names them."""
    found = row(service, event_type, **cells)
    assert {name: found.get(name) for name in computed} == computed


def test_samples_of_rules_are_mapped_as_in_the_daemon() -> None:
    """What a sample says itself stays; what it leaves out is worked out from its cells."""
    frame = pl.DataFrame(
        [
            {"event.id": "1", "EVENT_TYPE": "Login", "SOURCE_IP": "203.0.113.7", "leakline.ip_anonymizer": True},
            {"event.id": "2", "EVENT_TYPE": "RestApi", "SOURCE_IP": None, "leakline.ip_anonymizer": None},
        ]
    )
    found = prepared(frame, LogSource("salesforce", "event_log_file"))
    assert found["event.id"].to_list() == ["1", "2"]
    assert found["source.ip"].to_list() == ["203.0.113.7", None]
    assert found["leakline.ip_anonymizer"].to_list() == [True, None]


@pytest.mark.parametrize("typed", ["ada@acme.example", "Ada@ACME.example", " ada@acme.example", "ada@acme.example\t"])
def test_a_login_name_is_one_however_it_is_typed(typed: str) -> None:
    """Salesforce compares usernames without regard to case; USER_NAME keeps what was typed."""
    found = row("event_log_file", "Login", USER_NAME=typed)
    assert (found["leakline.login_name"], found["user.name"]) == ("ada@acme.example", typed)
    assert row("real_time_event_monitoring", "LoginEvent", Username=typed)["leakline.login_name"] == "ada@acme.example"


@pytest.mark.parametrize(
    ("service", "event_type", "column"),
    [
        ("event_log_file", "RestApi", "USER_AGENT"),
        ("event_log_file", "Login", "BROWSER_TYPE"),
        ("event_log_file", "ReportExport", "CLIENT_INFO"),
        ("real_time_event_monitoring", "ApiEvent", "UserAgent"),
        ("real_time_event_monitoring", "LoginEvent", "Browser"),
        ("event_log_object", "LoginEventLog", "BrowserType"),
        ("login_history", "", "Browser"),
    ],
)
def test_a_user_agent_has_one_name(service: str, event_type: str, column: str) -> None:
    """Whichever column an event type has it in."""
    assert row(service, event_type, **{column: "curl/8.5.0"})["user_agent.original"] == "curl/8.5.0"


@pytest.mark.parametrize(
    ("rows", "factor", "saved"), [("200", "10", 2000), ("200", "", 200), ("", "10", None), ("x", "10", None)]
)
def test_saved_records_are_counted_whole(rows: str, factor: str, saved: int | None) -> None:
    """A row of DatabaseSave stands for as many as its factor says."""
    cells = {"NUM_ROWS": rows or None, "SAMPLE_FACTOR": factor or None, "USER_ID": "0055g00000AdMiN"}
    frame = pl.DataFrame([{"event.id": "0" * 32, **cells}], schema_overrides=dict.fromkeys(cells, pl.String))
    found = NORMALIZER.prepare(Batch("00D5g00000AbCdE", "event_log_file", "DatabaseSave", frame))
    assert found.get_column("leakline.rows_saved", default=pl.Series([None])).to_list() == [saved]


def test_only_whole_numbers_are_multiplied(tmp_path: Path) -> None:
    """`times` beside text is a mistake of the file, at its line."""
    (tmp_path / "event_log_file").mkdir()
    file = tmp_path / "event_log_file" / "X.yaml"
    file.write_text("event_type: X\nalso:\n  leakline.x: {from: A, times: B}\n", encoding="utf-8")
    [error] = load_mappings([shipped("mappings"), tmp_path])[1]
    assert (error.line, "`times` needs a whole number" in str(error)) == (3, True)
