from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from agent.simulator.event_stream.event_kind import event_kinds
from agent.simulator.running import RunningOrg
from tests.simulator.conftest import AT_ONCE, ApiClient


@pytest.fixture
def client(start: Callable[..., RunningOrg], connect: Callable[[RunningOrg], ApiClient]) -> ApiClient:
    """Of an org with six hours of logins, one scenario and its finding."""
    running = start(
        event_types=["Login", "Report"], scenarios=["mass_report_export"], delay=AT_ONCE, daily_files=False,
        history=timedelta(hours=6), page_rows=50,
    )  # fmt: skip
    return connect(running).sign_in()


def test_a_big_object_gives_the_newest_first_and_no_next_page(client: ApiClient) -> None:
    """Whatever size of page is asked for; LIMIT is kept to."""
    answer = client.query(
        "SELECT EventDate, Username, EventIdentifier FROM LoginEvent WHERE EventDate > 2026-11-18T09:00:00Z ORDER BY EventDate DESC",
        **{"Sforce-Query-Options": "batchSize=200"},
    ).json()
    dates = [record["EventDate"] for record in answer["records"]]
    assert answer["done"]
    assert "nextRecordsUrl" not in answer
    assert dates == sorted(dates, reverse=True)
    assert len(dates) == answer["totalSize"] > 5
    assert min(dates) > "2026-11-18T09"
    assert (
        len(client.query("SELECT Id FROM LoginEvent WHERE EventDate > 2026-11-18T09:00:00Z LIMIT 3").json()["records"])
        == 3
    )


def test_windows_narrow_and_identifiers_find(client: ApiClient) -> None:
    """Both ends of EventDate; one event by its date and identifier; ReportEvent also by its user."""
    first = client.query("SELECT EventDate, EventIdentifier, Id FROM LoginEvent LIMIT 1").json()["records"][0]
    date = first["EventDate"].replace("+0000", "Z")
    wanted = f"EventDate = {date} AND EventIdentifier = '{first['EventIdentifier']}'"
    assert len(client.query("SELECT EventIdentifier FROM LoginEvent WHERE " + wanted).json()["records"]) == 1  # noqa: S608
    assert client.query("SELECT Id FROM LoginEvent WHERE EventDate > " + date).json()["records"] == []  # noqa: S608
    assert first["Id"] == "000000000000000AAA"
    by_user = "SELECT Name FROM ReportEvent WHERE EventDate > 2026-11-18T09:00:00Z AND UserId = '005Hs000003T1oMIAS'"
    assert client.query(by_user).status_code == 200


@pytest.mark.parametrize(
    "text",
    [
        "SELECT COUNT() FROM LoginEvent",
        "SELECT Username, COUNT(Id) FROM LoginEvent GROUP BY Username",
        "SELECT Id FROM LoginEvent WHERE EventDate > 2026-11-18T09:00:00Z AND Username = 'x'",
        "SELECT Id FROM LoginEvent WHERE EventIdentifier = 'x'",
        "SELECT Id FROM LoginEvent WHERE EventDate > 2026-11-18T09:00:00Z OR EventDate < 2026-11-18T09:00:00Z",
        "SELECT Id FROM LoginEvent WHERE EventDate != 2026-11-18T09:00:00Z",
        "SELECT Id FROM LoginEvent WHERE EventDate > 2026-11-18T09:00:00Z ORDER BY EventDate ASC",
        "SELECT Id FROM LoginEvent WHERE EventDate > 2026-11-18T09:00:00Z ORDER BY EventDate",
        "SELECT Id FROM LoginEvent ORDER BY EventIdentifier DESC",
        "SELECT Id FROM LoginEvent WHERE EventDate > 2026-11-18T09:00:00Z AND UserId = '005Hs000003T1oMIAS'",
    ],
)
def test_a_big_object_refuses(client: ApiClient, text: str) -> None:
    """What Salesforce refuses of it, each with the code of big objects."""
    answer = client.query(text)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "BIG_OBJECT_UNSUPPORTED_OPERATION")


def test_findings_are_in_standard_objects(client: ApiClient) -> None:
    """Which can be filtered by every field, counted and ordered, and have ids."""
    text = "SELECT Id, Score, ReportAnomalyEventNumber FROM ReportAnomalyEventStore WHERE Score > 90 ORDER BY EventDate ASC"
    (record,) = client.query(text).json()["records"]
    assert record["Id"] != "000000000000000AAA"
    assert record["Score"] == 92
    assert client.query("SELECT COUNT() FROM ReportAnomalyEventStore").json()["totalSize"] == 1


def test_objects_and_channels_are_listed(client: ApiClient) -> None:
    """Each event's object and channel, unless it is off; a channel cannot be queried."""
    listed = client.http.get("/services/data/v66.0/sobjects/").json()["sobjects"]
    queryable = {entry["name"]: entry["queryable"] for entry in listed}
    for kind in event_kinds().values():
        assert kind.stored is None or queryable[kind.stored]
        assert kind.channel is None or not queryable[kind.channel] or kind.channel == kind.stored
    answer = client.query("SELECT Id FROM LoginEventStream")
    assert answer.json()[0]["errorCode"] == "INVALID_TYPE_FOR_OPERATION"
    client.running.org.change_faults(no_storage="LoginEvent", no_stream="ReportEvent")
    names = {entry["name"] for entry in client.http.get("/services/data/v66.0/sobjects/").json()["sobjects"]}
    assert names & {"LoginEvent", "LoginEventStream", "ReportEvent", "ReportEventStream"} == {
        "LoginEventStream",
        "ReportEvent",
    }
    assert client.query("SELECT Id FROM LoginEvent").json()[0]["errorCode"] == "INVALID_TYPE"


def test_a_hidden_field_is_hidden(client: ApiClient) -> None:
    """Field-level security is kept to here as well."""
    client.running.org.change_faults(hidden_fields="LoginEvent.SourceIp")
    assert client.query("SELECT SourceIp FROM LoginEvent LIMIT 1").json()[0]["errorCode"] == "INVALID_FIELD"
