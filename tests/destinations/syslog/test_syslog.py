"""Settings of syslog."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from agent.destinations.syslog.syslog import SyslogSettings


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"transport": "udp", "max_row_bytes": 70_000}, "65507"),
        ({"transport": "udp", "proxy": {"url": "http://p:1"}}, "http:// proxy"),
        ({"transport": "tcp", "proxy": {"url": "https://p:1"}}, "http:// proxy"),
        ({"transport": "pigeon"}, "transport"),
        ({"facility": "local9"}, "facility"),
        ({"port": 0}, "port"),
    ],
)
def test_settings_that_are_refused(changes: dict[str, Any], message: str) -> None:
    """Wrong settings are refused with words that say what to write."""
    with pytest.raises(ValidationError, match=message):
        SyslogSettings.model_validate({"type": "syslog", "host": "h", "port": 1, **changes})
