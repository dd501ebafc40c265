"""A simulated day on which somebody takes all customers out, read by the daemon's own parts: what the documents show is from it.

The clock stands still and the seed is fixed, so that every run comes to the same lines.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from agent.config.settings import parse
from agent.daemon.daemon import Daemon
from agent.simulator.running import serve
from agent.simulator.world.simulator_settings import SimulatorSettings
from tests.end_to_end.org_settings import document_for
from tests.golden.day import StandingClock

SEED, ROWS = 11, 400
LEAK = "mass_report_export"
EVENT_TYPES = ("Login", "Report", "ReportExport")


def alerts_of_the_day(folder: Path) -> list[dict[str, Any]]:
    """The alerts that a file destination below `folder` has at the end of the day, in its order."""
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
        daemon = Daemon(parse(document_for(facts, folder)), now=clock)
        try:
            while daemon.read_once():
                pass
            for forward in daemon.forwards:
                while forward.forward():
                    pass
        finally:
            daemon.close()
    lines = (folder / "out" / "alerts.ndjson").read_bytes().splitlines()
    return [orjson.loads(line) for line in lines]
