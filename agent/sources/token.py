"""Getting an access token from Salesforce's token endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from agent.errors import TransportError
from agent.network import Connection, explain
from agent.redaction import register_obtained
from agent.sources.refusal import token_refusal

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105
USERINFO_PATH = "/services/oauth2/userinfo"


@dataclass(frozen=True, slots=True)
class Token:
    """An opened session; it has no lifetime of its own, the org says 401 when it is over."""

    access_token: str = field(repr=False)
    instance_url: str
    """Where this org's API answers, without a slash at the end."""
    org_id: str
    """18 characters; empty if the answer did not tell."""
    refresh_token: str | None = field(default=None, repr=False)
    """A new one, if the app rotates them."""

    def __post_init__(self) -> None:
        register_obtained(self.access_token)
        register_obtained(str(self.refresh_token or ""))


def obtain(connection: Connection, url: str, form: Mapping[str, str], deadline: float) -> Token:
    """Ask the token endpoint at `url`. Raises Unauthorized (with what to do) or TransportError."""
    try:
        with connection.exchange("POST", url + TOKEN_PATH, deadline=deadline, data=form) as response:
            body, status = response.read(), response.status_code
    except httpx.HTTPError as error:
        raise TransportError(f"{url}: {explain(error)}") from error
    if status != 200:
        raise token_refusal(status, body, url)
    return _token(body, url)


def _token(body: bytes, url: str) -> Token:
    try:
        answer: Any = orjson.loads(body)
        instance = str(answer["instance_url"]).rstrip("/")
        token = Token(str(answer["access_token"]), instance, _org_id(answer), answer.get("refresh_token"))
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise TransportError(
            f"{url}: the answer is no token (a web page?)", hint="check url, try again later"
        ) from error
    if urlsplit(instance).scheme != "https":
        raise TransportError(f"{url}: names {instance!r} as the org's address, which is not https", hint="check url")
    return token


def _org_id(answer: Mapping[str, Any]) -> str:
    """The identity URL ends in `/id/<org id>/<user id>`."""
    parts = str(answer.get("id") or "").split("/")
    return parts[-2] if len(parts) >= 3 and parts[-2].startswith("00D") else ""
