"""Leaks that happen while the demo watches: planted in the simulated org, streamed, and how soon an alert told of each."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import polars as pl

from agent.normalize.vendor_identity import identify_named

SCENARIOS = ("mass_report_export", "mass_file_download", "session_hijack")
WITHIN = 10.0
"""Seconds into which each is squeezed."""
PATIENCE = 60.0
"""Seconds for an alert about each, on a machine that is busy with a day of log files."""


@dataclass(frozen=True, slots=True)
class StreamedLeak:
    """One that was planted."""

    scenario: str
    ids: frozenset[str]
    """`event.id` of its real-time events."""


@dataclass(frozen=True, slots=True)
class StreamedAlert:
    """The first alert of a rule about a leak. `seconds`: from the last happening that it needed to its being sent."""

    scenario: str
    rule: str
    seconds: float


def plant(org: Mapping[str, str]) -> list[StreamedLeak]:
    """Let each leak happen from now on. `org`: what the simulated org says of itself. Raises httpx.HTTPError."""
    context = ssl.create_default_context(cafile=org["ca"])
    leaks = []
    with httpx.Client(verify=context, base_url=org["url"], timeout=PATIENCE) as client:
        for scenario in SCENARIOS:
            answer = client.post("/__simulator/plant", json={"scenario": scenario, "within": WITHIN})
            leaks.append(_leak(scenario, answer.raise_for_status().json()["events"], org["organization id"]))
    return leaks


def wait_for_alerts(leaks: Sequence[StreamedLeak], folder: Path) -> list[StreamedAlert]:
    """Until there is one about each, all of its events have happened, and what is under way has come; or PATIENCE is over.

    `folder`: of the file destination.
    """
    began = time.monotonic()
    while True:
        time.sleep(0.5)
        alerts = list(_first_alerts(leaks, folder))
        passed = time.monotonic() - began
        if passed > WITHIN + 2 and {alert.scenario for alert in alerts} == {leak.scenario for leak in leaks}:
            return alerts
        if passed > PATIENCE:
            return alerts


def _leak(scenario: str, events: Sequence[Mapping[str, Any]], org: str) -> StreamedLeak:
    ids: set[str] = set()
    for name in {event["event"] for event in events}:
        identifiers = [event["EventIdentifier"] for event in events if event["event"] == name]
        ids.update(identify_named(pl.Series(identifiers, dtype=pl.String), org, name))
    return StreamedLeak(scenario, frozenset(ids))


def _first_alerts(leaks: Sequence[StreamedLeak], folder: Path) -> Iterator[StreamedAlert]:
    """Of each leak and rule."""
    told: set[tuple[str, str]] = set()
    for path in sorted(folder.glob("alerts*")):
        for line in path.read_bytes().splitlines():
            alert = orjson.loads(line)
            evidence = set(alert["leakline"].get("alert", {}).get("event_ids", ()))
            rule = alert.get("rule", {}).get("id", "")
            for leak in leaks:
                if evidence & leak.ids and (leak.scenario, rule) not in told:
                    told.add((leak.scenario, rule))
                    yield StreamedAlert(leak.scenario, rule, _seconds_after(alert["event"]))


def _seconds_after(event: Mapping[str, str]) -> float:
    """From the end of the evidence to when the alert was sent."""
    return (datetime.fromisoformat(event["ingested"]) - datetime.fromisoformat(event["end"])).total_seconds()
