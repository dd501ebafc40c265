"""A simulated day on which somebody takes all customers out, read by the daemon's own parts: what the documents show is from it.
At its end the clock of a notice is told, too.

The clock stands still and the seed is fixed, so that every run comes to the same lines.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from agent.config.settings import parse
from agent.daemon.daemon import Daemon
from agent.notice.clock import Clock
from agent.notice.clocks import clock_event
from agent.notice.deadlines import Reckoning
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.incidents.incident import decode
from agent.notice.regimes.pack import shipped
from agent.simulator.running import serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from tests.end_to_end.org_settings import document_for
from tests.golden.day import StandingClock

SEED, ROWS = 11, 400
LEAK = "mass_report_export"
RULE = "A hundred thousand report rows taken out as files within a day"
REGIME = "eu-gdpr-33"
EVENT_TYPES = ("Login", "Report", "ReportExport")


@dataclass(frozen=True, slots=True)
class LeakDay:
    """What destinations have of it in the lane of alerts."""

    documents: list[dict[str, Any]]
    """In ECS."""
    lines: list[str]
    """The same in CEF, in the same order."""


@cache
def leak_day() -> LeakDay:
    """Read once for all that is made of it."""
    with tempfile.TemporaryDirectory() as folder:
        return _read(Path(folder))


def _read(folder: Path) -> LeakDay:
    clock = StandingClock()
    at_once = (timedelta(0), timedelta(0))
    settings = SimulatorSettings(
        folder / "org", seed=SEED, rows_per_day=ROWS, delay=at_once, now=clock, scenarios=[LEAK],
        event_types=EVENT_TYPES, daily_files=False, awkward=False,
    )  # fmt: skip
    with serve(settings) as org:
        facts = {
            "url": org.url,
            "ca": str(org.ca),
            "client id": org.client_id,
            "client secret in": str(org.client_secret_file),
        }
        document = document_for(facts, folder)
        document["destinations"].append(
            {"type": "file", "name": "lines", "directory": str(folder / "out"), "format": "cef"}
        )
        document["notice"] = {"zone": "Europe/Berlin", "jurisdictions": ["eu"]}
        daemon = Daemon(parse(document), now=clock)
        try:
            while daemon.read_once():
                pass
            clock.now += timedelta(hours=2)
            _tell_clock(daemon.node.shards["acme"].desk, clock.now)
            daemon.readings.send_problem_events()
            for forward in daemon.forwards:
                while forward.forward():
                    pass
        finally:
            daemon.close()
    documents = (folder / "out" / "alerts.ndjson").read_bytes().splitlines()
    lines = (folder / "out" / "alerts.cef").read_text(encoding="utf-8").splitlines()
    return LeakDay([orjson.loads(document) for document in documents], lines)


def _tell_clock(desk: IncidentDesk, now: datetime) -> None:
    """Somebody has just declared that they are aware of the breach: the clock of the authority."""
    pack = shipped().pack
    regime = next(regime for regime in pack.regimes if regime.id == REGIME)
    incidents = [decode(desk.recall(key) or b"") for key in desk.recall.keys("incident/")]
    incident = next(incident for incident in incidents if any(of.name == RULE for of in incident.rules.values()))
    reckoning = Reckoning(pack, "Europe/Berlin")
    legal = reckoning.due_dates(regime, {"aware": now}, {})[0]
    strict = reckoning.due_dates(regime, {"aware": incident.detected_at}, {})[0]
    clock = Clock(
        regime=legal.regime,
        obligation=legal.obligation,
        stage=legal.stage,
        recipient=legal.recipient,
        state="running",
        anchor=legal.anchor,
        anchored_at=now,
        due=legal.due_exclusive,
        shadow_due=strict.due_exclusive,
        planned_due=legal.due_exclusive,
        presumed=False,
        policy=legal.policy,
        basis=legal.basis,
    )
    message = f"{incident.id}: the clock of {clock.id} ({clock.recipient}) runs"
    with desk.changing() as change:
        change.tell(incident, "clock-started", message, by="leakline", data={}, further=clock_event.fields(clock))
