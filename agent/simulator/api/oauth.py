"""The token endpoint: JWT bearer, client credentials and refresh token, and the tokens it has given out."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from agent.simulator.world.faults import Faults

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_ASSERTION = timedelta(minutes=3, seconds=1)
"""Three minutes, and what it takes to round them up to a second, as simple-salesforce does."""
SCOPE = "api refresh_token id"
AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")


class OAuthError(Exception):
    """A refusal: HTTP 400 with `{"error", "error_description"}`."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(slots=True)
class AccessToken:
    """An access token given out. `used`: when it was last presented (the org's clock)."""

    issued: datetime
    used: datetime
    calls: int = 0


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """The client application as the org knows it."""

    client_id: str
    client_secret: str
    username: str
    refresh_token: str
    public_key: RSAPublicKey


class Tokens:
    """Grants and checks access tokens. Safe for threads."""

    def __init__(self, client: RegisteredClient, org_id: str, timeout: timedelta, clocks: tuple[Callable[[], datetime], ...]) -> None:  # fmt: skip
        self._client = client
        self._org_id = org_id
        self._timeout = timeout
        self._now = clocks[0]
        self._clocks = clocks
        self._lock = threading.Lock()
        self._given: dict[str, AccessToken] = {}
        self._revoked: set[str] = set()
        self.refresh_token = client.refresh_token
        """The one that is good now."""

    def grant(self, form: Mapping[str, str], authorization: str, own_url: str, faults: Faults) -> str:
        """A new access token. Raises OAuthError."""
        if faults.token_error:
            raise OAuthError(faults.token_error, _DESCRIPTIONS.get(faults.token_error, "refused"))
        grant = form.get("grant_type", "")
        if grant == JWT_BEARER:
            self._check_assertion(form.get("assertion", ""), own_url)
        elif grant == "client_credentials":
            if faults.login_host or own_url.startswith(("https://login.", "https://test.")):
                raise OAuthError("invalid_grant", "request not supported on this domain")
            self._check_client(*_client_of(form, authorization), must_have_secret=True)
        elif grant == "refresh_token":
            self._check_client(*_client_of(form, authorization), must_have_secret=False)
            self._check_refresh(form.get("refresh_token", ""))
        else:
            raise OAuthError("unsupported_grant_type", "grant type not supported")
        return self._new()

    def check(self, token: str, faults: Faults) -> bool:
        """Whether an access token is good for one more call."""
        return self._is_good(token, faults, calls=1, used=True)

    def holds(self, token: str, faults: Faults, *, used: bool) -> bool:
        """Whether an access token is still good for what goes on under it; `used`: it was presented again."""
        return self._is_good(token, faults, calls=0, used=used)

    def _is_good(self, token: str, faults: Faults, *, calls: int, used: bool) -> bool:
        with self._lock:
            known = self._given.get(token)
            if known is None:
                return False
            now = self._now()
            too_often = calls and faults.unauthorized_after and known.calls >= faults.unauthorized_after
            too_old = faults.token_seconds and (now - known.issued).total_seconds() >= faults.token_seconds
            if too_often or too_old or now - known.used > self._timeout:
                del self._given[token]
                return False
            known.calls += calls
            known.used = now if used else known.used
            return True

    def revoke(self, token: str) -> bool:
        """Forget an access or the refresh token; False when there is no such token."""
        with self._lock:
            if hmac.compare_digest(token.encode(), self.refresh_token.encode()):
                self._revoked.add(token)
                return True
            return self._given.pop(token, None) is not None

    def rotate(self) -> str:
        """A new refresh token, with which the one before is void (Salesforce Help: Refresh Token Rotation)."""
        with self._lock:
            self.refresh_token = secrets.token_urlsafe(32)
            return self.refresh_token

    def revoke_all(self) -> None:
        """End every session, as an administrator can."""
        with self._lock:
            self._given.clear()

    def _new(self) -> str:
        token = f"{self._org_id[:15]}!AQ{secrets.token_urlsafe(60)}"
        now = self._now()
        with self._lock:
            self._given[token] = AccessToken(now, now)
        return token

    def _check_assertion(self, assertion: str, own_url: str) -> None:
        """RS256, our client id, a user who approved it, an audience we go by, and at most three minutes to live."""
        try:
            claims = jwt.decode(
                assertion, self._client.public_key, ["RS256"],
                options={"verify_exp": False, "verify_aud": False, "verify_iat": False, "verify_nbf": False},
            )  # fmt: skip
        except jwt.InvalidSignatureError as error:
            raise OAuthError("invalid_grant", "invalid assertion") from error
        except jwt.PyJWTError as error:
            raise OAuthError("invalid_grant", "invalid assertion") from error
        if claims.get("iss") != self._client.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if str(claims.get("aud", "")).rstrip("/") not in (*AUDIENCES, own_url):
            raise OAuthError("invalid_grant", "Audience validation failed")
        if not self._in_time(claims.get("exp")):
            raise OAuthError("invalid_grant", "expired authorization code")
        if claims.get("sub") != self._client.username:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")

    def _in_time(self, expires: object) -> bool:
        """By the org's clock, or by the one it started from: a client need not follow `Org.advance`."""
        if isinstance(expires, str) and expires.isdecimal():
            expires = int(expires)  # simple-salesforce writes it as text, and Salesforce takes it
        if not isinstance(expires, int | float):
            return False
        left = [expires - clock().timestamp() for clock in self._clocks]
        return any(0 < seconds <= LONGEST_ASSERTION.total_seconds() for seconds in left)

    def _check_client(self, client_id: str, secret: str, *, must_have_secret: bool) -> None:
        if client_id != self._client.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")
        if not secret and not must_have_secret:
            return
        if not hmac.compare_digest(secret.encode(), self._client.client_secret.encode()):
            raise OAuthError("invalid_client", "invalid client credentials")

    def _check_refresh(self, token: str) -> None:
        known = hmac.compare_digest(token.encode(), self.refresh_token.encode())
        if not known or token in self._revoked:
            raise OAuthError("invalid_grant", "expired access/refresh token")


def _client_of(form: Mapping[str, str], authorization: str) -> tuple[str, str]:
    """Client id and secret, from the form or HTTP Basic."""
    if authorization.startswith("Basic "):
        try:
            name, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise OAuthError("invalid_client", "invalid client credentials") from error
        return name, secret
    return form.get("client_id", ""), form.get("client_secret", "")


_DESCRIPTIONS = {
    "invalid_grant": "user hasn't approved this consumer",
    "invalid_client_id": "client identifier invalid",
    "invalid_client": "invalid client credentials",
    "invalid_request": "refresh_token scope is required",
    "unsupported_grant_type": "grant type not supported",
    "inactive_user": "user is inactive",
    "inactive_org": "organization is not active",
    "rate_limit_exceeded": "login rate exceeded",
}
