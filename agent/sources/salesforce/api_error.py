"""What Salesforce says when it refuses, in our words, with what to do about it.

REST errors are a JSON array `[{"message", "errorCode"}]`, OAuth errors an object `{"error", "error_description"}`.
The log, a metric and `error.type` of events show the names of these classes: they are part of what users see.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.errors import Forbidden, Gone, LimitExceeded, SourceError, TransportError, Unauthorized
from agent.network.answer_body import json_of

LONGEST_CODE, LONGEST_MESSAGE = 100, 1_000
"""Characters kept of what an org says: it goes into the log, the status and events."""


class Missing(Gone):
    """404 or 410: what was asked for is not there (any more)."""


class Refused(SourceError):
    """400: a question the org does not understand. `code` is Salesforce's, such as INVALID_FIELD."""

    def __init__(self, message: str, code: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class QueryTimeout(TransportError):
    """QUERY_TIMEOUT: the org took too long over a query; one of a shorter span may be answered."""


class UnreadableAnswer(TransportError):
    """An answer that is longer than it may be, or damaged within; a shorter one may be read."""


@dataclass(frozen=True, slots=True)
class ApiErrorBody:
    """The first error of an answer; both empty if the body is something else (a proxy's page)."""

    code: str = ""
    message: str = ""


_OAUTH_HINTS = (
    ("invalid_client_id", "", "check client_id; a new app needs about ten minutes until it works"),
    ("invalid_client", "", "the client secret is wrong or was rotated: copy the app's current one"),
    ("invalid_grant", "hasn't approved", "pre-authorise the user's profile or permission set in the app's policies"),
    ("invalid_grant", "audience", "set auth.audience: login.salesforce.com, test.salesforce.com or the My Domain"),
    ("invalid_grant", "access/refresh", "the refresh token expired or was revoked: authorise the app again"),
    ("invalid_grant", "not supported on this domain", "client credentials work at the org's My Domain only: change url"),
    ("invalid_grant", "credentials user", "choose a Run As user in the app's client credentials policy"),
    ("invalid_grant", "expired", "the assertion or the app's certificate is out of date: check this machine's clock, then the certificate"),
    ("invalid_grant", "assertion", "the key does not match the app's certificate, or that certificate expired: upload a current one"),
    ("invalid_grant", "", "check username, client_id and key against the app, and this machine's clock"),
    ("invalid_request", "refresh_token", "give the app the scope refresh_token (offline_access)"),
    ("invalid_app_access", "", "assign the profile or permission set to the app: its policies do not admit this user"),
    ("unsupported_grant_type", "", "switch this OAuth flow on in the app's settings"),
    ("inactive_user", "", "activate the user, or sign in as another"),
    ("inactive_org", "", "the org is not active: ask Salesforce"),
    ("rate_limit_exceeded", "", "too many sign-ins in an hour: wait; nothing else should sign in as this user"),
)  # fmt: skip

_FORBIDDEN_HINTS = {
    "API_DISABLED_FOR_ORG": "this org's edition or settings do not include the API",
    "API_CURRENTLY_DISABLED": "give the user the permission API Enabled",
    "INSUFFICIENT_ACCESS": "give the user the permissions API Enabled and View Event Log Files",
    "INSUFFICIENT_ACCESS_OR_READONLY": "give the user the permissions API Enabled and View Event Log Files",
}


def error_of(body: bytes) -> ApiErrorBody:
    """The error in a REST or an OAuth answer."""
    try:
        document = json_of(body)
    except ValueError:
        return ApiErrorBody()
    first = document[0] if isinstance(document, list) and document else document
    if not isinstance(first, dict):
        return ApiErrorBody()
    code = first.get("errorCode") or first.get("error") or ""
    message = first.get("message") or first.get("error_description") or ""
    return ApiErrorBody(str(code)[:LONGEST_CODE], str(message)[:LONGEST_MESSAGE])


def token_refusal(status: int, body: bytes, url: str) -> SourceError:
    """Why the token endpoint at `url` gave no token."""
    error = error_of(body)
    if not error.code:
        return TransportError(
            f"{url}: HTTP {status} without an OAuth answer", hint="check url; a proxy may answer instead"
        )
    text = f"{url} refused the sign-in: {error.code} ({error.message})"
    for code, words, hint in _OAUTH_HINTS:
        if code == error.code and words in error.message.lower():
            return Unauthorized(text, hint=hint)
    return Unauthorized(text) if status < 500 else TransportError(text)


def rest_refusal(status: int, body: bytes, what: str) -> SourceError:
    """Why a REST call (`what`: in words) was refused."""
    error = error_of(body)
    text = f"{what}: HTTP {status} {error.code} {error.message}".rstrip()
    if status == 401:
        return Unauthorized(text, hint="check the user's login restrictions: even a new session was refused")
    if error.code == "QUERY_TIMEOUT":
        return QueryTimeout(text, hint="the org takes too long over a query; it is asked again")
    if status == 403:
        return _forbidden(error, text)
    if error.code == "INVALID_TYPE":
        return Forbidden(text, hint="give the user the permission to see the object (View Event Log Files)")
    if status in (404, 410):
        return Missing(text)
    if status in (400, 405, 414, 415, 431):
        return Refused(text, error.code)
    if status == 420:
        return TransportError(text, hint="the org may have moved; signing in again finds its new host")
    if 300 <= status < 400:
        return TransportError(text, hint="set url to the org's My Domain")
    return TransportError(text, hint="try again later")


def _forbidden(error: ApiErrorBody, text: str) -> SourceError:
    if error.code == "REQUEST_LIMIT_EXCEEDED":
        if "Concurrent" in error.message:
            return TransportError(text, hint="too many calls at once: try again later")
        return LimitExceeded(text, hint="the org's daily API allowance is used up; every source of this org pauses")
    return Forbidden(
        text, hint=_FORBIDDEN_HINTS.get(error.code, "check the user's permissions and the IP restrictions")
    )
