"""One session for each org: signing in, renewing, asking, and saying what is wrong."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from pydantic import ValidationError

from agent.errors import Forbidden, LimitExceeded, NotReady, SourceError, TransportError, Unauthorized
from agent.network.tls import TlsSettings
from agent.sources.salesforce.api_error import Missing, Refused
from agent.sources.salesforce.credentials import audience_of
from agent.sources.salesforce.org_settings import OrgSettings
from agent.sources.salesforce.session import Session
from tests.scripted_org.scripted_org import ScriptedFile, ScriptedOrg
from tests.scripted_org.serving import RunningScriptedOrg
from tests.sources.conftest import MakeSession
from tests.sources.reader import START, Clock

SELECT = "SELECT Id FROM EventLogFile WHERE Interval = 'Hourly' ORDER BY CreatedDate ASC, Id ASC"


def listed(number: int) -> ScriptedFile:
    return ScriptedFile(f"0AT{number:015}", START, START, b"")


def test_many_calls_share_one_token(session: Session, server: RunningScriptedOrg, org: ScriptedOrg) -> None:
    """The token is fetched once, also when several threads ask first."""
    threads = [threading.Thread(target=session.limits) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.org_id == org.id
    assert org.calls["token"] == 1
    secret = server.client_secret_file.read_text()
    assert org.forms[0] == {
        "grant_type": "client_credentials",
        "client_id": server.client_id,
        "client_secret": secret,
    }


def test_an_expired_session_is_renewed_once_for_all(
    session: Session, server: RunningScriptedOrg, org: ScriptedOrg
) -> None:
    """After 401 INVALID_SESSION_ID every call succeeds with one new token."""
    org.files = [listed(1)]
    session.limits()
    server.tokens.revoke_all()
    assert [r["Id"] for r in session.query(SELECT)] == [listed(1).id]
    assert org.calls["token"] == 2
    stale = session.token()
    assert session.token(stale=stale) is session.token(stale=stale)
    assert org.calls["token"] == 3


def test_a_session_refused_even_when_new_is_unauthorized(session: Session, org: ScriptedOrg) -> None:
    """A second 401 in a row is not tried a third time."""
    org.status["limits"] = (401, [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}])
    with pytest.raises(Unauthorized):
        session.limits()
    assert org.calls["limits"] == 2


def test_pages_are_followed_to_the_end(session: Session, org: ScriptedOrg) -> None:
    """More records than a page holds arrive in order, each once."""
    org.files = [listed(n) for n in range(25)]
    org.page = 10
    assert [r["Id"] for r in session.query(SELECT)] == [listed(n).id for n in range(25)]
    assert org.calls["query"] == 3


def test_special_characters_reach_the_org_unchanged(session: Session, org: ScriptedOrg) -> None:
    """Quotes, plus signs and non-ASCII text in a query are encoded once."""
    query = "SELECT Id FROM EventLogFile WHERE EventType IN ('a+b','Mü%26\\'x')"
    list(session.query(query))
    assert org.queries == [query]


def test_usage_and_budget_are_kept_in_view(make_session: MakeSession, org: ScriptedOrg) -> None:
    """The org's call count is known from any answer, and reading stops at the budget until the day rolls on."""
    session = make_session(api_budget={"share": 0.5})
    session.check_budget()
    org.api_calls = 49_999
    session.limits()
    assert session.usage == (50_000, 100_000)
    with pytest.raises(LimitExceeded, match="50%"):
        session.check_budget()
    org.api_calls = 10
    session.check_budget()
    assert session.usage == (11, 100_000)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (
            403,
            [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}],
            LimitExceeded,
            "org",
        ),
        (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "ConcurrentRequests"}], TransportError, "at once"),
        (403, [{"errorCode": "API_DISABLED_FOR_ORG", "message": "no"}], Forbidden, "API"),
        (403, [{"errorCode": "API_CURRENTLY_DISABLED", "message": "no"}], Forbidden, "API Enabled"),
        (403, [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}], Forbidden, "View Event Log Files"),
        (403, b"<html>", Forbidden, "permissions"),
        (404, [{"errorCode": "NOT_FOUND", "message": "x"}], Missing, "NOT_FOUND"),
        (410, b"", Missing, "410"),
        (400, [{"errorCode": "MALFORMED_QUERY", "message": "unexpected token"}], Refused, "unexpected token"),
        (400, [{"errorCode": "INVALID_TYPE", "message": "not supported"}], Forbidden, "View Event Log Files"),
        (420, b"", TransportError, "moved"),
        (500, [{"errorCode": "QUERY_TIMEOUT", "message": "x"}], TransportError, "too long over a query"),
        (502, b"<html>bad gateway</html>", TransportError, "502"),
        (302, b"", TransportError, "My Domain"),
        (200, b"<html>maintenance</html>", TransportError, "web page"),
        (200, b'{"totalSize":1,"done":true,"rec', TransportError, "cut"),
        (200, b"[]", TransportError, "web page"),
    ],
)
def test_refusals_are_told_apart(
    session: Session, org: ScriptedOrg, status: int, body: Any, error: type[SourceError], words: str
) -> None:
    """Each answer that is no answer becomes the error that says what to do, for queries and for other calls."""
    org.status |= {"query": (status, body), "limits": (status, body)}
    with pytest.raises(error, match=words):
        list(session.query(SELECT))
    with pytest.raises(error):
        session.limits()


@pytest.mark.parametrize(
    ("code", "description", "words"),
    [
        ("invalid_client", "invalid client credentials", "secret"),
        ("invalid_client_id", "client identifier invalid", "ten minutes"),
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorise"),
        ("invalid_grant", "Audience validation failed", "audience"),
        ("invalid_grant", "expired access/refresh token", "authorise the app again"),
        ("invalid_grant", "invalid assertion", "certificate"),
        ("invalid_grant", "expired authorization code", "clock"),
        ("invalid_grant", "request not supported on this domain", "My Domain"),
        ("invalid_grant", "no client credentials user enabled", "Run As"),
        ("inactive_user", "user is inactive", "activate"),
        ("something_new", "never seen", "never seen"),
    ],
)
def test_a_refused_sign_in_says_what_to_do(
    session: Session, org: ScriptedOrg, code: str, description: str, words: str
) -> None:
    """The token endpoint's error becomes Unauthorized with advice."""
    org.token_error = (400, {"error": code, "error_description": description})
    with pytest.raises(Unauthorized, match=words):
        session.token()


def test_a_token_endpoint_that_answers_nonsense_is_a_transport_error(session: Session, org: ScriptedOrg) -> None:
    """A web page instead of a token is no refusal."""
    for answer in ((200, b"<html>"), (503, b"<html>"), (200, {"access_token": 5}), (200, ["x"])):
        org.token_error = answer
        with pytest.raises(TransportError):
            session.token()


def test_an_address_that_is_not_https_is_not_trusted(session: Session, org: ScriptedOrg) -> None:
    """A token answer cannot send us, and the token, to a plain-text address."""
    org.token_extra = {"instance_url": "http://example.org"}
    with pytest.raises(Unauthorized, match="not https"):
        session.token()


def test_the_org_id_is_asked_for_when_the_token_does_not_tell(session: Session, org: ScriptedOrg) -> None:
    """Without an identity URL, userinfo is asked; where that fails, it is said."""
    org.token_extra = {"id": ""}
    org.status["userinfo"] = (404, [{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}])
    with pytest.raises(TransportError, match="org's id"):
        session.token()
    org.status = {}
    assert session.token().org_id == org.id
    assert org.calls["userinfo"] == 2


def test_an_untrusted_certificate_is_explained(make_session: MakeSession) -> None:
    """Certificates are verified, and the error names the setting."""
    with pytest.raises(TransportError, match=r"not trusted.*tls\.ca"):
        make_session(tls=TlsSettings()).token()


def test_a_silent_or_absent_org_is_a_transport_error(make_session: MakeSession) -> None:
    """A refused connection says so in plain words."""
    with pytest.raises(TransportError, match="refused"):
        make_session(url="https://localhost:1").token()


def test_a_rotated_refresh_token_replaces_the_old_one(
    make_session: MakeSession, server: RunningScriptedOrg, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new refresh token is used from then on and handed over, for it cannot be written where the secret came from."""
    org, first = server.org, server.tokens.refresh_token
    monkeypatch.setenv("TEST_REFRESH_TOKEN", first)
    told: list[str] = []
    auth = {"type": "refresh_token", "client_id": server.client_id, "refresh_token": {"env": "TEST_REFRESH_TOKEN"}}
    session = make_session(rotated=told.append, auth=auth)
    org.change_faults(rotate_refresh_token=True)
    token = session.token()
    (second,) = told
    assert second == server.tokens.refresh_token != first
    org.change_faults(rotate_refresh_token=False)
    org.token_extra = {"refresh_token": second}  # once more the same, which is no news
    session.token(stale=token)
    assert [form["refresh_token"] for form in org.forms] == [first, second]
    assert told == [second]


def test_the_assertion_is_signed_for_the_right_audience(make_session: MakeSession, server: RunningScriptedOrg) -> None:
    """The JWT carries issuer, subject, audience and an expiry within Salesforce's three minutes."""
    key = {"file": str(server.jwt_key_file)}
    auth = {"type": "jwt_bearer", "client_id": server.client_id, "username": server.username, "key": key}
    make_session(auth=auth).token()
    org, private = server.org, serialization.load_pem_private_key(server.jwt_key_file.read_bytes(), None)
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    options = {"verify_exp": False}
    claims = jwt.decode(org.forms[0]["assertion"], public, ["RS256"], audience=org.url, options=options)  # type: ignore[arg-type]
    assert (claims["iss"], claims["sub"]) == (server.client_id, server.username)
    assert 0 < (datetime.fromtimestamp(claims["exp"], UTC) - START).total_seconds() <= 180


def test_a_key_that_cannot_sign_is_its_org_s_trouble(make_session: MakeSession, tmp_path: Path) -> None:
    """A file that is no private key is named by its setting, without its content."""
    (tmp_path / "key.pem").write_text("not a key")
    auth = {"type": "jwt_bearer", "client_id": "app", "username": "u", "key": {"file": str(tmp_path / "key.pem")}}
    with pytest.raises(NotReady, match=r"auth\.key") as raised:
        make_session(auth=auth).token()
    assert "not a key" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "audience"),
    [
        ("https://login.salesforce.com", "https://login.salesforce.com"),
        ("https://acme.my.salesforce.com", "https://login.salesforce.com"),
        ("https://acme--dev.sandbox.my.salesforce.com", "https://test.salesforce.com"),
        ("https://test.salesforce.com", "https://test.salesforce.com"),
        ("https://localhost:8443", "https://localhost:8443"),
    ],
)
def test_the_audience_follows_from_the_address(url: str, audience: str) -> None:
    """Production, sandbox and other hosts each have their audience."""
    assert audience_of(url) == audience


@pytest.mark.parametrize(
    "url", ["http://acme.my.salesforce.com", "acme.my.salesforce.com", "https://x/y", "https://u:p@x"]
)
def test_addresses_must_be_https_hosts(url: str) -> None:
    """Plain text, paths and credentials in an address are refused when the settings are read."""
    auth = {"type": "client_credentials", "client_id": "a", "client_secret": {"env": "X"}}
    with pytest.raises(ValidationError, match="https://host"):
        OrgSettings.model_validate({"name": "acme", "url": url, "auth": auth})


def test_no_secret_is_in_what_people_read(session: Session, server: RunningScriptedOrg, org: ScriptedOrg) -> None:
    """Neither token nor client secret is in the representation of session, token or settings, or in an error."""
    token = session.token()
    org.status["limits"] = (500, [{"errorCode": "UNKNOWN_EXCEPTION", "message": "x"}])
    with pytest.raises(TransportError) as raised:
        session.limits()
    text = f"{token!r} {session.settings!r} {raised.value!r} {raised.value}"
    assert token.access_token not in text
    assert server.client_secret_file.read_text() not in text


def test_a_dripping_answer_is_interrupted(make_session: MakeSession, org: ScriptedOrg, clock: Clock) -> None:
    """A whole exchange has a deadline, though each single byte comes in time."""
    session = make_session()
    org.files = [ScriptedFile("0AT000000000001AAA", clock(), clock(), b"x" * 100_000)]
    org.drip["0AT000000000001AAA"] = 0.05
    path = f"{session.data_path}/sobjects/EventLogFile/0AT000000000001AAA/LogFile"
    with pytest.raises(TransportError, match="in time"), session.exchange("GET", path, deadline=0.3) as response:
        response.read()
