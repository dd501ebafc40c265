"""HTTP as clients use it that others have written: what no test of ours would send by itself."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from agent.simulator.running import RunningOrg, serve
from tests.simulator.api.raw_connection import RawConnection
from tests.simulator.conftest import AT_ONCE, settings

BASE = "/services/data/v62.0"
LIMIT = 1 << 20


@pytest.fixture
def running(start: Callable[..., RunningOrg]) -> RunningOrg:
    return start(rows_per_day=200)


def _form(running: RunningOrg) -> bytes:
    secret = running.client_secret_file.read_text()
    return f"grant_type=client_credentials&client_id={running.client_id}&client_secret={secret}".encode()


def test_a_body_may_come_in_chunks(running: RunningOrg) -> None:
    """As Node sends it: the sign-in is understood, and the connection is good for the next request."""
    form = _form(running)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (form[:9], form[9:])) + b"0\r\n\r\n"
    with RawConnection(running) as connection:
        for _ in range(2):
            connection.send("POST /services/oauth2/token HTTP/1.1", "Transfer-Encoding: chunked", body=chunks)
            head, body = connection.answer()
            assert head.startswith(b"http/1.1 200")
            assert orjson.loads(body)["token_type"] == "Bearer"


def test_a_body_is_sent_once_the_org_wants_it(running: RunningOrg) -> None:
    """`Expect: 100-continue` is answered before the body is there."""
    form = _form(running)
    with RawConnection(running) as connection:
        length = f"Content-Length: {len(form)}"
        connection.send("POST /services/oauth2/token HTTP/1.1", length, "Expect: 100-continue")
        assert connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        connection.write(form)
        assert connection.answer()[0].startswith(b"http/1.1 200")


def test_a_huge_body_is_refused(running: RunningOrg) -> None:
    """Beyond a megabyte: 413, whether its length was told or not."""
    with RawConnection(running) as connection:
        connection.send("POST /services/oauth2/token HTTP/1.1", "Transfer-Encoding: chunked")
        connection.write(b"%x\r\n%s\r\n" % (LIMIT + 1, b"x" * (LIMIT + 1)))
        assert connection.answer()[0].startswith(b"http/1.1 413")


def test_parameters_of_the_token_may_stand_in_the_url(running: RunningOrg) -> None:
    """With an empty body, or none."""
    with RawConnection(running) as connection:
        connection.send(f"POST /services/oauth2/token?{_form(running).decode()} HTTP/1.1", "Content-Length: 0")
        assert connection.answer()[0].startswith(b"http/1.1 200")


def test_head_is_get_without_a_body(start: Callable[..., RunningOrg], connect: Any) -> None:
    """For a resource and for a log file, whose bytes are not even read; the connection goes on."""
    client = connect(start(delay=AT_ONCE)).sign_in()
    for path in (f"{BASE}/limits", client.hourly()[0]["LogFile"]):
        head, get = client.http.head(path), client.http.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["Content-Type"] == get.headers["Content-Type"]


def test_a_wrong_method_is_told_the_right_ones(start: Callable[..., RunningOrg], connect: Any) -> None:
    """In the header and in Salesforce's words."""
    answer = connect(start(rows_per_day=200)).sign_in().http.post(f"{BASE}/limits", json={})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "HEAD,GET")
    assert answer.json() == [
        {"message": "HTTP Method 'POST' not allowed. Allowed are HEAD,GET", "errorCode": "METHOD_NOT_ALLOWED"}
    ]


@pytest.mark.parametrize(
    "path",
    [f"{BASE}/search", f"{BASE}/composite", f"{BASE}/tooling/query", "/services/async/62.0/job", "/index.html"],
)
def test_what_the_org_has_not_is_not_found(path: str, start: Callable[..., RunningOrg], connect: Any) -> None:
    """Whatever the method; those who have not signed in are told that first."""
    client = connect(start(rows_per_day=200))
    assert client.http.post(path, json={}).status_code == 401
    client.sign_in()
    for answer in (client.http.get(path), client.http.post(path, json={})):
        assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_soap_is_answered_with_a_fault(start: Callable[..., RunningOrg], connect: Any) -> None:
    """Login is off, other calls are not enabled, versions are retired, GET is told to post."""
    http = connect(start(rows_per_day=200)).http
    login, query = "<x:login><x:username>a</x:username></x:login>", "<query/>"
    asked = [("62.0", login), ("62.0", query), ("30.0", login)]
    answers = [http.post(f"/services/Soap/u/{version}", content=body) for version, body in asked]
    assert {answer.status_code for answer in answers} == {500}
    codes = [answer.text.partition("<faultstring>")[2].partition(":")[0] for answer in answers]
    assert codes == ["INVALID_OPERATION", "API_DISABLED_FOR_ORG", "UNSUPPORTED_API_VERSION"]
    assert http.get("/services/Soap/u/62.0").headers["Allow"] == "POST"


def test_what_is_no_http_is_refused(running: RunningOrg) -> None:
    """400, and the org goes on."""
    with RawConnection(running) as connection:
        connection.write(b"\x16\x03 nonsense\r\n\r\n")
        assert connection.until(b"\r\n").startswith(b"HTTP/1.1 400")
    with RawConnection(running) as connection:
        connection.send("GET /services/data/ HTTP/1.1")
        assert connection.answer()[0].startswith(b"http/1.1 200")


def test_identity_takes_the_token_in_the_url(start: Callable[..., RunningOrg], connect: Any) -> None:
    """As jsforce asks; other resources do not."""
    client = connect(start(rows_per_day=200)).sign_in()
    token = client.http.headers.pop("Authorization").removeprefix("Bearer ")
    path = client.http.get("/services/oauth2/userinfo", params={"access_token": token}).json()["id"]
    assert client.http.get(path, params={"oauth_token": token, "format": "json"}).json()["username"]
    assert client.http.get(f"{BASE}/limits", params={"oauth_token": token}).status_code == 401


def test_an_org_that_closes_hangs_up_on_everybody(tmp_path: Path) -> None:
    """On those that wait for a request, and those in the middle of an answer."""
    running = serve(settings(tmp_path / "org", rows_per_day=200))
    with RawConnection(running) as idle, RawConnection(running) as hanging:
        running.org.change_faults(hang=True)
        hanging.send("GET /services/data/ HTTP/1.1")
        hanging.until(b"\r\n\r\n")
        running.close()
        for connection in (idle, hanging):
            with contextlib.suppress(ConnectionResetError):
                connection.rest()
