"""Getting an access token from Salesforce's token endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from agent.errors import TransportError
from agent.network.answer_body import json_of, read_body, read_error
from agent.network.connection import Connection
from agent.network.failure import explain
from agent.redaction.redaction import register_obtained
from agent.sources.salesforce.api_error import token_refusal
from agent.sources.salesforce.clock_offset import OrgClock
from agent.sources.salesforce.id_form import is_record_id
from agent.sources.salesforce.instance import instance_url
from agent.sources.salesforce.org_settings import OrgSettings

TOKEN_PATH = "/services/oauth2/token"  # noqa: S105
USERINFO_PATH = "/services/oauth2/userinfo"

MOST_BYTES = 1 << 20
"""Of a token's answer, or a user's."""


@dataclass(frozen=True, slots=True)
class Token:
    """An opened session; it has no lifetime of its own, the org says 401 when it is over."""

    access_token: str = field(repr=False)
    instance_url: str
    """Where this org's API answers, without a slash at the end."""
    org_id: str
    """18 characters."""
    refresh_token: str | None = field(default=None, repr=False)
    """A new one, if the app rotates them."""

    def __post_init__(self) -> None:
        register_obtained(self.access_token)
        register_obtained(str(self.refresh_token or ""))


def obtain(
    connection: Connection, settings: OrgSettings, form: Mapping[str, str], deadline: float, clock: OrgClock
) -> Token:
    """Ask the org's token endpoint. Raises Unauthorized (with what to do) or TransportError.

    `clock` learns the time from a refusal as well: a machine whose clock is wrong gets no other answer.
    """
    url, asked = settings.url, clock.now()
    try:
        with connection.exchange("POST", url + TOKEN_PATH, deadline=deadline, data=form) as response:
            clock.note(asked, response.headers)
            status = response.status_code
            body = read_body(response, MOST_BYTES) if status == 200 else read_error(response)
    except httpx.HTTPError as error:
        raise TransportError(f"{url}: {explain(error)}") from error
    if status != 200:
        raise token_refusal(status, body, url)
    token = _token(body, settings)
    return token if token.org_id else _with_org_id(token, connection, url, deadline)


def _token(body: bytes, settings: OrgSettings) -> Token:
    url = settings.url
    try:
        answer = json_of(body)
        if not isinstance(answer, Mapping) or not _is_token(answer.get("access_token")):
            raise ValueError("no access_token")
    except ValueError as error:
        raise TransportError(
            f"{url}: the answer is not a token (is it a web page?)", hint="check url, try again later"
        ) from error
    refresh = answer.get("refresh_token")
    return Token(
        answer["access_token"],
        instance_url(answer.get("instance_url"), url, settings.instance_domains),
        _org_id(str(answer.get("id") or "")),
        refresh if _is_token(refresh) else None,
    )


def _is_token(value: object) -> bool:
    """It becomes part of a header: printable ASCII without spaces."""
    return isinstance(value, str) and re.fullmatch(r"[\x21-\x7e]{1,16384}", value) is not None


def _org_id(identity: str) -> str:
    """The identity URL ends in `/id/<org id>/<user id>`."""
    parts = identity.split("/")
    return parts[-2] if len(parts) >= 3 and _is_org_id(parts[-2]) else ""


def _is_org_id(value: object) -> bool:
    return isinstance(value, str) and len(value) == 18 and value.startswith("00D") and is_record_id(value)


def _with_org_id(token: Token, connection: Connection, url: str, deadline: float) -> Token:
    """Asked of the very host that gave the token."""
    headers = {"Authorization": f"Bearer {token.access_token}"}
    refusal = TransportError(
        f"{url}{USERINFO_PATH}: does not name the org's id", hint="give the app the scope api or id"
    )
    try:
        with connection.exchange("GET", url + USERINFO_PATH, deadline=deadline, headers=headers) as response:
            answer = json_of(read_body(response, MOST_BYTES))
    except (httpx.HTTPError, ValueError) as error:
        raise refusal from error
    org_id = answer.get("organization_id") if isinstance(answer, Mapping) else None
    if not _is_org_id(org_id):
        raise refusal
    return replace(token, org_id=str(org_id))
