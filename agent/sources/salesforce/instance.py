"""Where an org's API answers: the address that a token answer names, and whether the token may go there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from agent.errors import Unauthorized

SALESFORCE = ("salesforce.com", "cloudforce.com", "salesforce.mil", "cloudforce.mil", "sfcrmproducts.cn")
"""Domains under which Salesforce serves the API: public, older My Domains, US government, and by Alibaba Cloud.

Not force.com, site.com and the like: pages there are written by customers, Apex in them sees a request's headers, and
the API's own host is never there (Salesforce Help: My Domain URL Formats).
"""

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


class _HostAndPort(NamedTuple):
    host: str
    port: int

    @property
    def url(self) -> str:
        return f"https://{self.host}" + (f":{self.port}" if self.port != 443 else "")


def instance_url(named: object, url: str, domains: Sequence[str]) -> str:
    """The address `named` in the answer of the org at `url`, without a slash at the end.

    It must be https, and the very host and port of `url`, or under `domains` (settings), or both under Salesforce's own.
    Raises Unauthorized otherwise: a token that is sent elsewhere is somebody else's.
    """
    place, own = _host_and_port(named), _host_and_port(url)
    if place is None:
        raise Unauthorized(
            f"{url}: the sign-in names {str(named)[:200]!r} as the org's address, which is not https://host",
            hint="check url; does a proxy change the answer?",
        )
    if place == own or _under(place.host, domains):
        return place.url
    if own is not None and place.port == 443 and _under(place.host, SALESFORCE) and _under(own.host, SALESFORCE):
        return place.url
    raise Unauthorized(
        f"{url}: the sign-in names {place.url} as the org's address; that is another domain, so no token is sent there",
        hint=f"check url; if the host belongs to this org, write instance_domains: [{place.host}]",
    )


def _host_and_port(value: object) -> _HostAndPort | None:
    """Scheme, host and port alone: parsers disagree about everything else that an address can hold."""
    if not isinstance(value, str):
        return None
    try:
        parts = urlsplit(value)
        host, port = (parts.hostname or "").rstrip("."), parts.port or 443
    except ValueError:
        return None
    plain = parts.path.strip("/") + parts.query + parts.fragment + (parts.username or "") + (parts.password or "")
    if parts.scheme != "https" or plain or not _HOST.fullmatch(host):
        return None
    return _HostAndPort(host, port)


def _under(host: str, domains: Sequence[str]) -> bool:
    names = [domain.strip(".").lower() for domain in domains]
    return any(host == name or host.endswith(f".{name}") for name in names if name)
