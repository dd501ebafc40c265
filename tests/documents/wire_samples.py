"""What goes over the wire to each kind of destination, of one event: made by the destinations' own code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import polars as pl
from pydantic import TypeAdapter

from agent.assembly.destinations import build_destination
from agent.config.settings import DestinationSettings
from agent.destinations.sent_time import stamped_body
from tests.golden.documents import SEEN, golden_batch, shipped_normalizer

EVENT_TYPE = "ReportExport"
SENT = datetime(2026, 3, 5, 15, 4, 5, 678000, UTC)

SETTINGS: dict[str, dict[str, Any]] = {
    "hec": {"type": "splunk", "url": "https://splunk.example.com:8088", "token": {"env": "T"}, "host": "collector-1"},
    "bulk": {"type": "elastic", "url": "https://elastic.example.com:9200"},
    "syslog-cef": {"type": "syslog", "host": "siem.example.com", "port": 6514, "hostname": "collector-1"},
    "syslog-ecs": {
        "type": "syslog", "host": "siem.example.com", "port": 514, "transport": "udp", "hostname": "collector-1",
        "format": "ecs",
    },
    "file": {"type": "file", "directory": "out"},
}  # fmt: skip
"""The name of a sample to the destination that makes it; what is not named is the default."""


def wire_sample(name: str) -> str:
    """A block with the bytes of one event, as text."""
    settings: DestinationSettings = TypeAdapter(DestinationSettings).validate_python(SETTINGS[name])
    destination = build_destination(settings, lambda: SENT, threading.Event())
    frame = _event()
    lines = destination.wrap(frame, destination.format(frame))
    sent = bytes(stamped_body(lines, SENT)).decode().rstrip("\n")
    return f"```text\n{sent}\n```\n"


def wire_samples() -> dict[str, Callable[[], str]]:
    """Each sample by name, not made yet."""
    return {name: lambda name=name: wire_sample(name) for name in SETTINGS}  # type: ignore[misc]


def _event() -> pl.DataFrame:
    normalizer, batch = shipped_normalizer(), golden_batch(EVENT_TYPE)
    return normalizer.shape(normalizer.prepare(batch), batch, SEEN).head(1)
