"""How Leakline proves who it is to an org: three OAuth flows, none of which stores a password.

Salesforce help: "OAuth 2.0 JWT Bearer Flow", "OAuth 2.0 Client Credentials Flow", "OAuth 2.0 Refresh Token Flow".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

import jwt
from pydantic import BaseModel, ConfigDict, Field

from agent.errors import SettingsError
from agent.redaction.redaction import register_obtained
from agent.secret import Secret

ASSERTION_LIFETIME = timedelta(minutes=2)
"""Salesforce refuses assertions that expire more than three minutes ahead."""


class JwtBearer(BaseModel):
    """A signed assertion; `key` is the PEM private key (RSA) whose certificate the connected app holds."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: Literal["jwt_bearer"] = "jwt_bearer"
    """The OAuth 2.0 JWT bearer flow."""
    client_id: str
    """The connected app's consumer key."""
    username: str
    """The user to act as. It needs the permissions API Enabled and View Event Log Files."""
    key: Secret
    """The private key (PEM, RSA, no passphrase). Its certificate is uploaded to the app."""
    audience: str | None = None
    """The audience of the assertion. By default login.salesforce.com, for a sandbox test.salesforce.com, for any other
    host that host itself."""

    def form(self, url: str, now: datetime) -> dict[str, str]:
        """The token request's fields. Raises SettingsError for a key that cannot sign."""
        claims = {
            "iss": self.client_id,
            "sub": self.username,
            "aud": self.audience or audience_of(url),
            "exp": int((now + ASSERTION_LIFETIME).timestamp()),
        }
        try:
            assertion = jwt.encode(claims, self.key.read(), algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise SettingsError(
                "auth.key: the private key cannot sign",
                hint="it must be an RSA private key in PEM, without a passphrase",
            ) from error
        register_obtained(assertion)
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}


class ClientCredentials(BaseModel):
    """The app's own secret; the app needs a "Run As" user, and `url` must be the org's My Domain."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: Literal["client_credentials"] = "client_credentials"
    """The OAuth 2.0 client credentials flow."""
    client_id: str
    """The connected app's consumer key."""
    client_secret: Secret
    """The app's consumer secret."""

    def form(self, url: str, now: datetime) -> dict[str, str]:  # noqa: ARG002 - one shape for all three
        """The token request's fields."""
        return {
            "grant_type": "client_credentials",
            "client_id": self.client_id,
            "client_secret": self.client_secret.read(),
        }


class RefreshToken(BaseModel):
    """A token that a person's consent gave."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: Literal["refresh_token"] = "refresh_token"
    """The OAuth 2.0 refresh token flow."""
    client_id: str
    """The connected app's consumer key."""
    client_secret: Secret | None = None
    """The app's consumer secret, where the app asks for it."""
    refresh_token: Secret
    """The token that a person's consent gave."""

    def form(self, url: str, now: datetime) -> dict[str, str]:  # noqa: ARG002 - one shape for all three
        """The token request's fields."""
        fields = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "refresh_token": self.refresh_token.read(),
        }
        return fields | ({"client_secret": self.client_secret.read()} if self.client_secret else {})


Credentials = Annotated[
    JwtBearer | ClientCredentials | RefreshToken,
    # Each member has a default for `type`; a settings file does not.
    Field(discriminator="type", json_schema_extra={"required": ["type"]}),
]


def audience_of(url: str) -> str:
    """The `aud` that Salesforce expects in an assertion for the org at `url`."""
    host = urlsplit(url).hostname or ""
    if host == "test.salesforce.com" or host.endswith(".sandbox.my.salesforce.com"):
        return "https://test.salesforce.com"
    if host.endswith(".salesforce.com"):
        return "https://login.salesforce.com"
    return url
