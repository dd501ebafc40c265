"""Host names and URLs in settings: what cannot be one is refused when the file is read, not at the first connection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

import httpx
from pydantic import AfterValidator, WithJsonSchema

from agent.redaction.redaction import without_credentials

_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")


def host_name(value: str) -> str:
    """`value`, if it can be a host's name or address. Raises ValueError."""
    try:
        ip_address(value)
    except ValueError:
        if not _is_name(value):
            raise ValueError(
                f"{value[:60]!r} is not a host name; write a name such as siem.example.com, or an address"
            ) from None
    return value


def server_url(value: str, schemes: Sequence[str] = ("http", "https")) -> SplitResult:
    """The parts of a URL that names a server. Raises ValueError, which shows the URL without what may be a secret."""
    shown = repr(without_credentials(value)[:100])
    wanted = f"write it as {schemes[-1]}://host or {schemes[-1]}://host:port"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(f"{shown} is not a URL with a usable host and port; {wanted}") from None
    if "@" in value:
        raise ValueError(f"credentials do not belong in a URL ({shown}); {wanted}")
    if parts.scheme not in schemes or not parts.hostname or port == 0:
        raise ValueError(f"{shown} is not the URL of a server; {wanted}")
    if parts.query or parts.fragment:
        raise ValueError(f"a query, which may hold credentials, does not belong in a URL ({shown}); {wanted}")
    host_name(parts.hostname)
    try:
        httpx.URL(value)
    except httpx.InvalidURL:
        raise ValueError(f"{shown} is not a usable URL; {wanted}") from None
    return parts


def url_schema(schemes: str, path: str = r"(/[^\s@?#]*)?") -> WithJsonSchema:
    """What a JSON schema can say of the URL of a server: an expression for its schemes, and one for what follows the host."""
    return WithJsonSchema({"type": "string", "pattern": rf"^{schemes}://[^\s/@?#]+{path}$"})


def _is_name(value: str) -> bool:
    try:
        ascii_form = value.encode("idna").decode()
    except UnicodeError:
        return False
    return len(ascii_form) <= 253 and _HOST.fullmatch(ascii_form) is not None


HostName = Annotated[str, AfterValidator(host_name), WithJsonSchema({"type": "string", "pattern": r"^[^\s/@?#]+$"})]
"""A settings field with the name or address of a host."""
