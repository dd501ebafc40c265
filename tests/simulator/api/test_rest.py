from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from agent.simulator.api.http_message import ApiRequest
from agent.simulator.api.resources import Resources
from agent.simulator.running import RunningOrg
from tests.simulator.conftest import AT_ONCE

BASE = "/services/data/v62.0"


@pytest.fixture
def client(start: Callable[..., RunningOrg], connect: Any) -> Any:
    return connect(start(delay=AT_ONCE)).sign_in()


def test_versions_are_told_without_a_token(client: Any) -> None:
    """The list of versions is for everybody, the rest is not."""
    del client.http.headers["Authorization"]
    versions = client.http.get("/services/data/").json()
    assert {"label", "url", "version"} == set(versions[0])
    answer = client.http.get(f"{BASE}/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_AUTH_HEADER")


def test_calls_count_for_a_day_whoever_makes_them(client: Any) -> None:
    """What somebody else spends is refused to us, until it is a day ago by the org's clock."""
    client.http.post("/__simulator/faults", json={"limit_after": 100})
    client.http.post("/__simulator/spend", json={"calls": 97})
    client.http.post("/__simulator/advance", json={"hours": 23})
    client.sign_in()
    answers = [client.http.get(f"{BASE}/limits") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 403]
    assert answers[2].headers["Sforce-Limit-Info"] == "api-usage=100/100"
    client.http.post("/__simulator/advance", json={"hours": 1})
    assert client.http.get(f"{BASE}/limits").headers["Sforce-Limit-Info"] == "api-usage=4/100"


def test_every_answer_says_how_many_calls_were_used(client: Any) -> None:
    """Sforce-Limit-Info counts up, refusals included; limits agrees."""
    first = client.http.get(f"{BASE}/limits")
    refused = client.query("SELECT Nonsense FROM User")
    second = client.http.get(f"{BASE}/limits")
    used = [
        int(answer.headers["Sforce-Limit-Info"].removeprefix("api-usage=").split("/")[0])
        for answer in (first, refused, second)
    ]
    assert used == [1, 2, 3]
    daily = second.json()["DailyApiRequests"]
    assert daily["Max"] - daily["Remaining"] == 3


def test_a_long_answer_comes_in_pages(start: Callable[..., RunningOrg], connect: Any) -> None:
    """Pages follow one another without a gap; totalSize is that of the whole."""
    client = connect(start(delay=AT_ONCE, page_rows=7)).sign_in()
    text = "SELECT Id FROM EventLogFile WHERE Interval = 'Hourly' ORDER BY Id"
    first = client.query(text).json()
    assert (len(first["records"]), first["done"]) == (7, False)
    assert first["nextRecordsUrl"].endswith("-7")
    everything = client.records(text)
    assert len(everything) == first["totalSize"] > 14
    assert [record["Id"] for record in everything] == sorted({record["Id"] for record in everything})


def test_the_batch_size_is_between_200_and_2000(client: Any) -> None:
    """Sforce-Query-Options asks, the org decides."""
    resources = Resources(client.running.org)

    def size(option: str) -> int:
        return resources.page_size(ApiRequest("GET", "/", {}, {"sforce-query-options": option}, b"", ""))

    assert [size(f"batchSize={number}") for number in (1, 500, 9000)] == [200, 500, 2000]


def test_describe_names_the_event_types(client: Any) -> None:
    """The picklist has them all; an object that is not there is 404."""
    described = client.http.get(f"{BASE}/sobjects/EventLogFile/describe").json()
    fields = {field["name"]: field for field in described["fields"]}
    assert {"Interval", "Sequence", "LogFileLength"} <= fields.keys()
    assert len(fields["EventType"]["picklistValues"]) >= 70
    assert any(sobject["name"] == "User" for sobject in client.http.get(f"{BASE}/sobjects/").json()["sobjects"])
    assert client.http.get(f"{BASE}/sobjects/Nothing/describe").status_code == 404


def test_a_record_has_the_form_rest_gives_it(client: Any) -> None:
    """Attributes, date-times with +0000, a length with a decimal point, a relative URL for the file."""
    record = client.hourly()[0]
    assert record["attributes"]["type"] == "EventLogFile"
    assert record["CreatedDate"].endswith(".000+0000")
    assert isinstance(record["LogFileLength"], float)
    assert record["LogFile"] == f"{BASE}/sobjects/EventLogFile/{record['Id']}/LogFile"
    alone = client.http.get(f"{BASE}/sobjects/EventLogFile/{record['Id'][:15]}").json()
    assert alone["LogDate"] == record["LogDate"]


def test_a_log_file_comes_in_chunks_plain_or_gzipped(client: Any) -> None:
    """Chunked either way; LogFileLength is the plain length; gzip only when asked for."""
    record = max(client.hourly(), key=lambda record: record["LogFileLength"])
    plain = client.http.get(record["LogFile"], headers={"Accept-Encoding": "identity"})
    assert plain.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Encoding" not in plain.headers
    assert len(plain.content) == record["LogFileLength"]
    with client.http.stream("GET", record["LogFile"], headers={"Accept-Encoding": "gzip"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content


def test_an_old_api_version_knows_no_interval(client: Any) -> None:
    """Before v37 there is no such column, before v32 no such object."""
    text = "SELECT Interval FROM EventLogFile"
    assert client.query(text, "36.0").json()[0]["errorCode"] == "INVALID_FIELD"
    assert client.query(text, "31.0").json()[0]["errorCode"] == "INVALID_TYPE"


def test_a_plus_that_is_not_encoded_is_a_blank(client: Any) -> None:
    """`+00:00` in a query string has to be percent-encoded."""
    text = f"{BASE}/query?q=SELECT+Id+FROM+User+WHERE+CreatedDate+%3C+2026-01-01T00:00:00"
    assert client.http.get(text + "+00:00").json()[0]["errorCode"] == "MALFORMED_QUERY"
    assert client.http.get(text + "%2B00:00").status_code == 200


def test_a_path_too_long_is_refused(client: Any) -> None:
    """At 16,384 bytes: 414."""
    assert client.query("SELECT Id FROM User WHERE Id IN ('" + "0" * 17_000 + "')").status_code == 414


def test_calls_are_counted_by_kind(client: Any) -> None:
    """For tests: who asked for what, how often."""
    client.http.get(client.hourly()[0]["LogFile"])
    assert client.running.org.calls["token"] == 1
    assert client.running.org.calls["query"] == 1
    assert client.running.org.calls["log_file"] == 1


def test_faults_and_clock_can_be_moved_over_http(client: Any) -> None:
    """The control endpoint needs no token and says what is set; a fault nobody knows is refused."""
    answer = client.http.post("/__simulator/faults", json={"status": 503, "where": "query"})
    assert answer.json()["faults"]["status"] == 503
    assert client.query("SELECT Id FROM User").status_code == 503
    client.http.post("/__simulator/faults", json={"status": 0})
    assert client.query("SELECT Id FROM User").status_code == 200
    assert client.http.post("/__simulator/faults", json={"earthquake": 9}).status_code == 400
    before = client.running.org.now()
    client.http.post("/__simulator/advance", json={"hours": 1})
    assert (client.running.org.now() - before).total_seconds() == 3600


def test_an_unknown_authority_is_not_trusted(start: Callable[..., RunningOrg]) -> None:
    """Without our CA the handshake fails, and the org goes on answering others."""
    running = start(rows_per_day=200)
    with httpx.Client() as stranger, pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.get(running.url)


def test_writing_is_not_allowed(client: Any) -> None:
    """It is read only."""
    assert client.http.delete(f"{BASE}/sobjects/User/005000000000000").status_code == 405
