"""What rules group by and count: a column that only some event types have, or that the sender writes, is pointed out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_NAMES = {
    "source.ip": (
        "CLIENT_IP", "SOURCE_IP", "REMOTE_ADDRESS", "IP_ADDRESS", "ClientIp", "SourceIp", "FORWARDED_FOR_IP",
        "ForwardedForIp", "related.ip",
    ),
    "user.id": ("USER_ID", "USER_ID_DERIVED", "UserId", "UserIdentifier", "CreatedById", "ACTUAL_USER_ID"),
    "leakline.login_name": ("USER_NAME", "Username", "user.name"),
    "leakline.session": ("SESSION_KEY", "LOGIN_KEY", "SESSION_ID", "SessionKey", "LoginKey"),
    "leakline.app": (
        "CONNECTED_APP_ID", "CONNECTED_APP_NAME", "ConnectedAppId", "ConnectedAppIdentifier", "ConnectedAppName",
        "Application",
    ),
    "user_agent.original": ("USER_AGENT", "BROWSER_TYPE", "CLIENT_INFO", "UserAgent", "Browser", "BrowserType"),
    "user.target.id": ("DELEGATED_USER_ID", "DELEGATED_USER_ID_DERIVED", "DELEGATED_USER_NAME"),
    "leakline.job": ("JOB_ID",),
    "http.request.method": ("METHOD", "HTTP_METHOD", "REQUEST_METHOD"),
    "http.response.status_code": ("STATUS_CODE",),
}  # fmt: skip

COMPUTED: Mapping[str, str] = {column: name for name, columns in _NAMES.items() for column in columns}
"""A column to the computed one that means the same in all event types and sources."""


def measured(document: Mapping[str, Any]) -> Iterator[str]:
    """The fields that a correlation or baseline groups by, counts or sums, under the names that its rules have."""
    data = document.get("correlation") or document.get("baseline")
    if not isinstance(data, dict):
        return
    aliases = data.get("aliases") or {}
    groups = data.get("group-by") or ()
    condition = data.get("condition")
    counted = [condition["field"]] if isinstance(condition, dict) and isinstance(condition.get("field"), str) else []
    for name in (*([groups] if isinstance(groups, str) else groups), *counted):
        named = aliases.get(name) if isinstance(aliases, dict) else None
        yield from named.values() if isinstance(named, dict) else (name,)


def party_remarks(document: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Message, keys that lead to the line, advice: for each such column once."""
    key = "correlation" if "correlation" in document else "baseline"
    for column in dict.fromkeys(measured(document)):
        if column in COMPUTED:
            yield (
                f"{column} is not in all event types, or has several spellings, or is written by the sender",
                (key,),
                f"write {COMPUTED[column]}",
            )
