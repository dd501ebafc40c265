from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import polars as pl
import pytest

from agent.simulator.event_stream.event_kind import event_kinds, switched_off
from agent.simulator.event_stream.happenings import FORMS, TWINS, Happenings, RealTimeRow
from agent.simulator.log_files.traffic import Traffic
from agent.simulator.world.sessions import HOUR
from agent.sources.real_time.catalogue import catalogue
from tests.simulator.event_stream.conftest import DAY_WINDOW


def _by_row(day: list[RealTimeRow], name: str) -> Mapping[str, RealTimeRow]:
    return {row.id: row for row in day if row.kind.name == name}


def test_every_known_event_happens(day: list[RealTimeRow]) -> None:
    """All 22 whose fields are known, in a day with every scenario; the catalogue of the agent agrees about each."""
    assert {row.kind.name for row in day} == set(event_kinds())
    for name, kind in event_kinds().items():
        known = catalogue()[name]
        assert (kind.channel, kind.stored, kind.kind) == (known.channel, known.stored, known.kind)


def test_an_event_has_fields_of_its_kind_and_ids_of_its_own(day: list[RealTimeRow]) -> None:
    """No two have one EventIdentifier; every value is of its field's type."""
    types = {"text": str, "time": int, "integer": int, "decimal": float, "boolean": bool}
    assert max(Counter(row.identifier for row in day).values()) == 1
    for row in day:
        assert row.values["EventDate"] == row.time
        for name, value in row.values.items():
            assert isinstance(value, types[row.kind.fields[name]]), (row.kind.name, name, value)
    assert set(types) == set(FORMS)


def test_an_event_is_the_same_in_every_window(happenings: Happenings, day: list[RealTimeRow]) -> None:
    """An hour alone, or one kind alone, has what the whole day has there."""
    window = (DAY_WINDOW[0] + 9 * HOUR, DAY_WINDOW[0] + 10 * HOUR)
    inside = [row for row in day if window[0] <= row.time < window[1]]
    assert happenings.between(window) == inside
    assert happenings.between(window, ["ReportEvent"]) == [row for row in inside if row.kind.name == "ReportEvent"]


def test_a_report_is_as_its_log_file_tells(traffic: Traffic, day: list[RealTimeRow]) -> None:
    """The same user, address, session, report, rows and moment, for each row of the log."""
    events = _by_row(day, "ReportEvent")
    rows = traffic.rows("Report", DAY_WINDOW).filter(pl.col("CLIENT_IP") != "", pl.col("USER_ID_DERIVED") != "")
    assert len(rows) > 20
    for row in rows.iter_rows(named=True):
        values = events[row["_id"]].values
        assert values["EventDate"] == row["_time"]
        assert values["RowsProcessed"] == float(row["ROW_COUNT"])
        told = [values[name] for name in ("UserId", "SourceIp", "SessionKey", "LoginKey", "ReportId", "Operation")]
        names = ("USER_ID_DERIVED", "CLIENT_IP", "SESSION_KEY", "LOGIN_KEY", "REPORT_ID_DERIVED", "ORIGIN")
        assert told == [row[name] for name in names]


def test_a_query_is_as_its_log_file_tells(traffic: Traffic, day: list[RealTimeRow]) -> None:
    """Its request, rows and program; a call that is no query is no event."""
    events = _by_row(day, "ApiEvent")
    rows = traffic.rows("RestApi", DAY_WINDOW)
    queries = rows.filter(pl.col("URI").str.contains(r"/v[\d.]+/query"))
    assert 0 < len(queries) < len(rows)
    for row in rows.iter_rows(named=True):
        event = events.get(row["_id"])
        assert (event is not None) == (
            "/query" in row["URI"] and "/jobs/" not in row["URI"] and "/tooling/" not in row["URI"]
        )
        if event is not None:
            assert event.values["RequestIdentifier"] == row["REQUEST_ID"]
            assert event.values["RowsProcessed"] == float(row["ROWS_PROCESSED"])


def test_a_failed_login_has_no_session(day: list[RealTimeRow]) -> None:
    """And says in words why it failed."""
    failed = [row.values for row in day if row.kind.name == "LoginEvent" and row.values["Status"] != "Success"]
    assert failed
    assert not any(values.keys() & {"SessionKey", "LoginKey", "LoginHistoryId"} for values in failed)


@pytest.mark.parametrize("scenario", ["mass_report_export", "stolen_token", "salesloft_drift", "guest_scraping"])
def test_scenarios_are_streamed(day: list[RealTimeRow], scenario: str) -> None:
    """What a scenario leaves in log files is streamed under its name."""
    assert any(row.scenario == scenario for row in day)


def test_rules_that_wait_for_streams_have_what_they_need(day: list[RealTimeRow]) -> None:
    """Each of them at least in one scenario: the fields it compares, as it compares them."""

    def of(scenario: str, name: str) -> list[Mapping[str, object]]:
        return [row.values for row in day if row.scenario == scenario and row.kind.name == name]

    exports = of("mass_report_export", "ReportEvent")
    assert all(float(str(values["RowsProcessed"])) >= 10_000 for values in exports)
    assert any(str(values["Name"]) in ("All contacts", "All accounts") for values in exports)
    assert any(values.get("PolicyOutcome") == "Notified" for values in exports)
    assert len(of("mass_file_download", "FileEvent")) == 140
    assert len(of("data_loader_pull", "BulkApiResultEvent")) >= 10
    assert {values["RowsProcessed"] for values in of("data_loader_pull", "ApiEvent")} == {-1.0}
    assert sum(float(str(values["RowsProcessed"])) for values in of("voice_phished_app", "ApiEvent")) >= 50_000
    assert any(float(str(values["RowsProcessed"])) >= 1_000 for values in of("leaver_export", "ListViewEvent"))
    hijacked = [values for values in of("session_hijack", "ApiEvent") if "ConnectedAppId" not in values]
    assert all("Mozilla/" in str(values["UserAgent"]) for values in hijacked)
    assert hijacked
    counted = [values for values in of("stolen_token", "ApiEvent") if str(values["Query"]).startswith("SELECT COUNT()")]
    assert len({values["QueriedEntities"] for values in counted}) >= 4
    assert any("'%password%'" in str(values["Query"]) for values in of("stolen_token", "ApiEvent"))
    granted = of("login_as_export", "PermissionSetEvent")
    assert granted[1]["ImpactedUserIds"] == of("login_as_export", "ReportEvent")[0]["UserId"]
    assert {(row.kind.name, float(str(row.values["Score"])) >= 80) for row in day if "Score" in row.values} >= {
        ("ApiAnomalyEvent", True), ("ApiAnomalyEvent", False), ("ReportAnomalyEvent", True), ("LoginAnomalyEvent", True),
        ("SessionHijackingEvent", True), ("GuestUserAnomalyEvent", False), ("CredentialStuffingEvent", False),
    }  # fmt: skip


def test_events_are_switched_off_by_any_of_their_names() -> None:
    """By their own, the channel's or the object's."""
    assert switched_off("LoginEventStream, FileEventStore,ReportEvent") == {"LoginEvent", "FileEvent", "ReportEvent"}
    assert switched_off("all") == set(event_kinds())
    assert switched_off("") == frozenset()


def test_every_twin_has_fields_that_exist() -> None:
    """A field that its kind has not would be left out in silence."""
    for twin in TWINS:
        assert set(twin.fields) <= set(event_kinds()[twin.name].fields), twin.name
