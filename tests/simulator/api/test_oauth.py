from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from agent.simulator.api.oauth import JWT_BEARER
from agent.simulator.running import RunningOrg


def _claims(running: RunningOrg, **other: Any) -> dict[str, Any]:
    now = int(running.org.now().timestamp())
    return {"iss": running.client_id, "sub": running.username, "aud": running.url, "exp": now + 120, **other}


def _ask(client: Any, key: Any, **other: Any) -> Any:
    assertion = jwt.encode(_claims(client.running, **other), key, "RS256")
    return client.token(grant_type=JWT_BEARER, assertion=assertion)


@pytest.fixture
def client(start: Callable[..., RunningOrg], connect: Any) -> Any:
    return connect(start(rows_per_day=200))


def test_an_assertion_gives_a_token_that_works(client: Any) -> None:
    """Signed by the registered key, for the registered client and user."""
    answer = _ask(client, client.running.jwt_key_file.read_text()).json()
    assert answer["token_type"] == "Bearer"
    assert answer["id"].split("/")[-2] == client.running.org.id
    assert "refresh_token" not in answer
    assert "expires_in" not in answer
    client.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
    assert client.http.get("/services/oauth2/userinfo").json()["organization_id"] == client.running.org.id
    assert client.http.get(answer["id"]).json()["username"] == client.running.username


@pytest.mark.parametrize("audience", ["https://login.salesforce.com", "https://test.salesforce.com"])
def test_salesforces_own_audiences_are_good(client: Any, audience: str) -> None:
    """A client may name the login host."""
    assert _ask(client, client.running.jwt_key_file.read_text(), aud=audience).status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"iss": "nobody"}, "invalid_client_id", "client identifier invalid"),
        ({"sub": "nobody@example.com"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"aud": "https://elsewhere.example"}, "invalid_grant", "Audience validation failed"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"exp": 9_999_999_999}, "invalid_grant", "expired authorization code"),
        ({"exp": None}, "invalid_grant", "expired authorization code"),
    ],
)
def test_each_wrong_claim_has_its_error(client: Any, claims: dict[str, Any], error: str, description: str) -> None:
    """The body is an object with error and error_description, the status 400."""
    answer = _ask(client, client.running.jwt_key_file.read_text(), **claims)
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_another_key_is_refused(client: Any) -> None:
    """A signature that does not verify is an invalid assertion."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert _ask(client, other).json() == {"error": "invalid_grant", "error_description": "invalid assertion"}


def test_an_unsigned_assertion_is_refused(client: Any) -> None:
    """The algorithm is RS256, whatever the header says."""
    assertion = jwt.encode(_claims(client.running), "", "none")
    answer = client.token(grant_type=JWT_BEARER, assertion=assertion).json()
    assert answer["error_description"] == "invalid assertion"


def test_client_credentials_in_the_form_or_as_basic(client: Any) -> None:
    """Both places are good; a wrong secret is not."""
    running = client.running
    secret = running.client_secret_file.read_text()
    form = {"grant_type": "client_credentials", "client_id": running.client_id}
    assert client.token(**form, client_secret=secret).status_code == 200
    basic = base64.b64encode(f"{running.client_id}:{secret}".encode()).decode()
    plain = client.http.post(
        "/services/oauth2/token", data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )
    assert plain.status_code == 200
    assert client.token(**form, client_secret="wrong").json()["error"] == "invalid_client"
    assert client.token(**form).json()["error"] == "invalid_client"


def test_client_credentials_are_not_for_the_login_host(client: Any) -> None:
    """They work on My Domain only."""
    client.running.org.change_faults(login_host=True)
    answer = client.token(
        grant_type="client_credentials",
        client_id=client.running.client_id,
        client_secret=client.running.client_secret_file.read_text(),
    )
    assert answer.json()["error_description"] == "request not supported on this domain"


def test_a_refresh_token_works_until_revoked(client: Any) -> None:
    """After revocation it is an expired one."""
    running = client.running
    form = {
        "grant_type": "refresh_token", "client_id": running.client_id, "refresh_token": running.refresh_token_file.read_text(),
    }  # fmt: skip
    assert client.token(**form).status_code == 200
    assert client.http.post("/services/oauth2/revoke", data={"token": form["refresh_token"]}).status_code == 200
    assert client.token(**form).json()["error_description"] == "expired access/refresh token"


def test_a_grant_nobody_knows(client: Any) -> None:
    """The password flow is not built on."""
    assert client.token(grant_type="password").json()["error"] == "unsupported_grant_type"


def test_tokens_end_with_the_session_timeout(client: Any) -> None:
    """Two hours unused, by the org's clock, and the session is over."""
    client.sign_in()
    assert client.http.get("/services/data/v62.0/limits").status_code == 200
    client.running.org.advance(hours=3)
    answer = client.http.get("/services/data/v62.0/limits")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_secrets_are_readable_by_the_owner_alone(client: Any) -> None:
    """Mode 0600 for every file with a secret in it."""
    running = client.running
    for path in (running.client_secret_file, running.refresh_token_file, running.jwt_key_file):
        assert path.stat().st_mode & 0o777 == 0o600
