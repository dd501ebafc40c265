"""A sender whose reports each open an incident of their own, and somebody who acknowledges by the links of messages."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.bench.inbound.listening_agent import TOKEN
from tests.chaos.told_agent import SENDER

_FIELD = re.compile(r'name="(proof|who)" value="([^"]*)"')
ACKNOWLEDGED = "Acknowledged"
BUTTON = "<button"


def report(listener: str, name: str, timeout: float = 10.0, **fields: Any) -> bool:
    """Whether it was taken. `name`: of what is new about it, so that it opens an incident; `timeout`: seconds."""
    document = {
        "type": "sync_failure",
        "id": name,
        "time": datetime.now(UTC).isoformat(),
        "integration": name,
        "job": name,
        "object": name,
        "user": f"{name}@acme.example",
        **fields,
    }
    try:
        headers = {"authorization": f"Bearer {TOKEN}"}
        answer = httpx.post(f"{listener}/v1/reports/{SENDER}", json=document, headers=headers, timeout=timeout)
    except httpx.TransportError:
        return False
    return answer.status_code == 200


def report_until_taken(listener: str, name: str, patience: float = 300.0, **fields: Any) -> float:
    """When it was answered, in seconds since 1970."""
    until = time.monotonic() + patience
    while not report(listener, name, **fields):
        assert time.monotonic() < until, name
        time.sleep(0.2)
    return time.time()


def shown(link: str, timeout: float = 20.0) -> str:
    """The page, as a scanner of mail gets it too. Raises httpx.HTTPError."""
    answer = httpx.get(link, timeout=timeout)
    answer.raise_for_status()
    return answer.text


def acknowledge(link: str, who: str = "", timeout: float = 20.0) -> str:
    """What the button does: the page after it, or as it is where it has none any more. `who`: where the page asks.

    Raises httpx.HTTPError.
    """
    page = shown(link, timeout)
    if BUTTON not in page:
        return page
    fields = dict(_FIELD.findall(page))
    if who:
        fields["who"] = who
    answer = httpx.post(link, data=fields, timeout=timeout)
    answer.raise_for_status()
    return answer.text
