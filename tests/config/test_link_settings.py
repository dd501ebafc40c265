"""Links in messages lead to the inbound listener: one is not set without the other."""

from __future__ import annotations

from typing import Any

import pytest

from agent.config.settings import Settings, parse
from agent.errors import SettingsError

URL = "https://leakline.example.com"


def parsed(**values: Any) -> Settings:
    auth = {"type": "client_credentials", "client_id": "key", "client_secret": {"env": "SECRET"}}
    org = {"name": "acme", "url": "https://acme.my.salesforce.com", "auth": auth}
    destination = {"type": "file", "name": "out", "directory": "/var/out"}
    return parse({"orgs": [org], "destinations": [destination], **values})


def test_a_listener_may_serve_links_alone() -> None:
    """It has no senders then."""
    settings = parsed(inbound={"listen": "127.0.0.1:8450", "public_url": URL})
    assert settings.inbound is not None
    assert settings.inbound.senders == []


@pytest.mark.parametrize(
    "values, said",
    [
        ({"inbound": {"listen": "127.0.0.1:8450"}}, "write at least one, or `public_url`"),
        ({"inbound": {"public_url": URL}, "notice": {"links_expire_after": "8d"}}, "links_expire_after"),
    ],
)
def test_what_leads_nowhere_is_refused(values: dict[str, Any], said: str) -> None:
    """It says what to write."""
    with pytest.raises(SettingsError, match=said):
        parsed(**values)
