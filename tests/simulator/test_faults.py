from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from agent.simulator.running import RunningOrg
from agent.simulator.world.faults import Faults, describe_faults, parse_faults
from agent.simulator.world.stream_faults import StreamFaults
from tests.simulator.conftest import AT_ONCE

BASE = "/services/data/v62.0"
FILES = "SELECT Id, Interval FROM EventLogFile WHERE Interval = 'Hourly'"


@pytest.fixture
def client(start: Callable[..., RunningOrg], connect: Any) -> Any:
    return connect(start(delay=AT_ONCE)).sign_in()


def _error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()[0]["errorCode"]


def test_faults_are_read_from_texts() -> None:
    """name=value with the type of the switch; one that is on or off may stand alone."""
    texts = ["status=503", "no_hourly", "drip_seconds=0.5", "only_file=Login", "stream_schema=added", "stream_silent"]
    assert parse_faults(texts) == (
        Faults(status=503, no_hourly=True, drip_seconds=0.5, only_file="Login"),
        StreamFaults(stream_schema="added", stream_silent=True),
    )
    assert "cut_log_file_at" in describe_faults()
    assert "stream_corrupted" in describe_faults()


@pytest.mark.parametrize(
    "text", ["earthquake=1", "status=much", "no_hourly=perhaps", "stream_schema=odd", "stream_error_at=1"]
)
def test_a_wrong_fault_is_refused(text: str) -> None:
    """With its name."""
    with pytest.raises(ValueError, match=text.split("=")[0]):
        parse_faults([text])


def test_a_token_that_was_used_too_often(client: Any) -> None:
    """401 after so many calls; a new token is good for as many."""
    client.running.org.change_faults(unauthorized_after=2)
    statuses = [client.query("SELECT Id FROM User").status_code for _ in range(3)]
    assert statuses == [200, 200, 401]
    assert client.sign_in().query("SELECT Id FROM User").status_code == 200


def test_a_token_that_is_too_old(client: Any) -> None:
    """By the org's clock."""
    client.running.org.change_faults(token_seconds=60)
    assert client.query("SELECT Id FROM User").status_code == 200
    client.running.org.advance(seconds=61)
    assert _error(client.query("SELECT Id FROM User")) == (401, "INVALID_SESSION_ID")


def test_the_limit_is_used_up(client: Any) -> None:
    """403 and no Retry-After."""
    client.running.org.change_faults(limit_after=1)
    client.query("SELECT Id FROM User")
    answer = client.query("SELECT Id FROM User")
    assert _error(answer) == (403, "REQUEST_LIMIT_EXCEEDED")
    assert answer.json()[0]["message"] == "TotalRequests Limit exceeded."
    assert "Retry-After" not in answer.headers


@pytest.mark.parametrize("status", [420, 500, 502, 503])
def test_the_server_fails_as_often_as_told(client: Any, status: int) -> None:
    """Then it is well again; other kinds of call are not hit."""
    client.running.org.change_faults(status=status, where="query", times=2)
    assert client.http.get(f"{BASE}/limits").status_code == 200
    assert [client.query("SELECT Id FROM User").status_code for _ in range(3)] == [status, status, 200]


def test_a_web_page_instead_of_an_answer(client: Any) -> None:
    """Status 200, HTML, for a log file, too."""
    file = client.hourly()[0]["LogFile"]
    client.running.org.change_faults(html=True)
    for answer in (client.query("SELECT Id FROM User"), client.http.get(file)):
        assert answer.status_code == 200
        assert answer.text.startswith("<!DOCTYPE html>")


def test_half_an_answer(client: Any) -> None:
    """Once under a length that tells, once as if it were whole."""
    client.running.org.change_faults(short_json=True)
    with pytest.raises(ValueError, match=r"."):
        client.query("SELECT Id FROM User").json()
    client.running.org.change_faults(short_json=False, cut_json=True)
    with pytest.raises(httpx.RemoteProtocolError):
        client.query("SELECT Id FROM User")


def test_a_download_is_cut(client: Any) -> None:
    """With the connection, which a client sees, or with a last chunk, which it has to work out."""
    record = max(client.hourly(), key=lambda record: record["LogFileLength"])
    client.running.org.change_faults(cut_log_file_at=5000)
    with pytest.raises(httpx.RemoteProtocolError):
        client.http.get(record["LogFile"], headers={"Accept-Encoding": "identity"})
    client.running.org.change_faults(cut_log_file_at=0, end_log_file_at=5000)
    assert len(client.http.get(record["LogFile"], headers={"Accept-Encoding": "identity"}).content) == 5000


def test_a_gzipped_download_is_cut(client: Any) -> None:
    """So many bytes of the compressed stream, without its trailer."""
    record = max(client.hourly(), key=lambda record: record["LogFileLength"])
    client.running.org.change_faults(end_log_file_at=3000)
    with client.http.stream("GET", record["LogFile"], headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    unpacker = zlib.decompressobj(31)
    unpacker.decompress(raw)
    assert len(raw) == 3000
    assert not unpacker.eof


@pytest.mark.parametrize("status", [404, 410])
def test_a_listed_file_is_gone(client: Any, status: int) -> None:
    """Only the one that is named."""
    first, second, *_ = client.hourly()
    client.running.org.change_faults(missing_log_file=status, only_file=first["Id"])
    assert _error(client.http.get(first["LogFile"])) == (status, "NOT_FOUND")
    assert client.http.get(second["LogFile"]).status_code == 200


def test_a_slow_drip(client: Any) -> None:
    """Small pieces with a pause after each: a client with a deadline leaves before the end."""
    record = max(client.hourly(), key=lambda record: record["LogFileLength"])
    client.running.org.change_faults(drip_bytes=100, drip_seconds=0.02)
    with client.http.stream("GET", record["LogFile"], headers={"Accept-Encoding": "identity"}) as answer:
        pieces = answer.iter_raw()
        assert all(0 < len(next(pieces)) <= 100 for _ in range(5))


def test_a_locator_goes_stale(start: Callable[..., RunningOrg], connect: Any) -> None:
    """By fault, or two days later."""
    client = connect(start(delay=AT_ONCE, page_rows=5)).sign_in()
    following = client.query("SELECT Id FROM User").json()["nextRecordsUrl"]
    client.running.org.change_faults(stale_locator=True)
    assert _error(client.http.get(following)) == (400, "INVALID_QUERY_LOCATOR")
    client.running.org.change_faults(stale_locator=False)
    assert client.http.get(following).status_code == 200
    client.running.org.advance(hours=49)
    assert _error(client.sign_in().http.get(following)) == (400, "INVALID_QUERY_LOCATOR")


def test_no_token_is_to_be_had(client: Any) -> None:
    """The token endpoint refuses with the error it is told to."""
    client.running.org.change_faults(token_error="inactive_user")
    answer = client.token(grant_type="client_credentials")
    assert answer.json() == {"error": "inactive_user", "error_description": "user is inactive"}


def test_the_permission_is_missing(client: Any) -> None:
    """The object is not there, or it is there and empty; its files cannot be read either way."""
    file = client.hourly()[0]["LogFile"]
    client.running.org.change_faults(missing_permission="invalid_type")
    assert _error(client.query(FILES)) == (400, "INVALID_TYPE")
    assert client.http.get(f"{BASE}/sobjects/EventLogFile/describe").status_code == 404
    assert client.http.get(file).status_code == 404
    client.running.org.change_faults(missing_permission="empty")
    assert client.query(FILES).json()["totalSize"] == 0


def test_the_api_is_disabled(client: Any) -> None:
    """Tokens are given, calls are not answered."""
    client.running.org.change_faults(api_disabled=True)
    assert _error(client.sign_in().query("SELECT Id FROM User")) == (403, "API_DISABLED_FOR_ORG")


def test_an_org_without_hourly_files(start: Callable[..., RunningOrg], connect: Any) -> None:
    """Interval is no column, and plain queries show daily files."""
    from datetime import timedelta

    client = connect(start(history=timedelta(hours=72))).sign_in()
    client.running.org.change_faults(no_hourly=True)
    answer = client.query(FILES)
    assert _error(answer) == (400, "INVALID_FIELD")
    assert "No such column 'Interval' on entity 'EventLogFile'" in answer.json()[0]["message"]
    assert client.records("SELECT Id FROM EventLogFile")
    described = client.http.get(f"{BASE}/sobjects/EventLogFile/describe").json()
    assert not {"Interval", "Sequence"} & {field["name"] for field in described["fields"]}


def test_records_turn_up_late(client: Any) -> None:
    """After records with a later CreatedDate."""
    everything = len(client.hourly())
    client.running.org.change_faults(visible_late_seconds=3600 * 24)
    fewer = client.hourly()
    assert 0 < len(fewer) < everything
    client.running.org.advance(hours=24)
    assert {record["Id"] for record in fewer} < {record["Id"] for record in client.sign_in().hourly()}


def test_fields_are_hidden(client: Any) -> None:
    """Field-level security: neither described nor known to queries, which name the column."""
    client.running.org.change_faults(hidden_fields="User.Email,User.Profile.Name")
    described = client.http.get(f"{BASE}/sobjects/User/describe").json()
    assert "Email" not in {field["name"] for field in described["fields"]}
    for query in ("SELECT Id, Email FROM User", "SELECT Id, Profile.Name FROM User"):
        assert _error(client.query(query)) == (400, "INVALID_FIELD")
    assert client.records("SELECT Id, Username FROM User")
    assert client.query(FILES).status_code == 200


def test_refresh_tokens_are_rotated(client: Any) -> None:
    """Each sign-in gives a new one, and only the newest is good."""
    running = client.running
    form = {"grant_type": "refresh_token", "client_id": running.client_id}
    first = running.refresh_token_file.read_text()
    assert "refresh_token" not in client.token(**form, refresh_token=first).json()
    running.org.change_faults(rotate_refresh_token=True)
    second = client.token(**form, refresh_token=first).json()["refresh_token"]
    assert client.token(**form, refresh_token=first).json()["error"] == "invalid_grant"
    assert client.token(**form, refresh_token=second).json()["refresh_token"] not in (first, second)
