"""One run of the demo: org, settings, pipeline, progress, verdict."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
import yaml
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agent.config import settings as config
from agent.daemon.clock import utc_now
from agent.daemon.daemon import Daemon
from agent.demo.enrichment import enrichment
from agent.demo.incident_outcome import outcome, settle
from agent.demo.incident_page import show_incidents
from agent.demo.org_process import simulated_org
from agent.demo.receiver import Receiver, receiver
from agent.demo.result_table import show
from agent.demo.streamed import SCENARIOS, StreamedAlert, plant, wait_for_alerts
from agent.demo.told import DemoTelling, arrangements, tell, without_receiver
from agent.demo.verdict import judge
from agent.errors import LeaklineError, SourceError
from agent.exit_status import FINE, FOUND
from agent.normalize.mapping.load import load_mappings
from agent.normalize.shape import Normalizer
from agent.pipeline.commit_line import BatchCommit
from agent.shipped import shipped
from agent.simulator.world.simulator_settings import PEOPLE
from agent.simulator.world.staff import Staff
from agent.wording.number import counted

MARK = ".leakline-demo"
"""Says that a folder is the demo's own and may be made anew."""


@dataclass
class DemoProgress:
    """What the demo shows while it runs; updated by every commit."""

    began: float = field(default_factory=time.monotonic)
    rows: int = 0
    alerts: int = 0
    files: set[str] = field(default_factory=set)
    types: set[str] = field(default_factory=set)

    def take(self, committed: BatchCommit) -> None:
        self.rows += committed.rows
        self.alerts += committed.alerts.height
        self.types.add(committed.batch.event_type)
        self.files.add(committed.batch.input)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def __rich__(self) -> Table:
        grid = Table.grid(padding=(0, 3))
        speed = f"{self.rows / max(self.seconds, 0.01):,.0f} events/s"
        grid.add_row(counted(len(self.files), 'file'), counted(len(self.types), 'event type'), counted(self.rows, 'row'), speed,
                     Text(counted(self.alerts, "alert"), style="bold red"))  # fmt: skip
        return grid


def run(folder: Path, *, seed: int, rows: int, console: Console) -> int:
    """Exit status 0 if the events equal the truth, the leaks were found that can be, the clocks of an incident run and the trail
    is whole; else 1.
    """
    _prepare(folder)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    console.print(f"Making a Salesforce org with a day of traffic and planted leaks (seed {seed}) …")
    with simulated_org(folder / "org", seed=seed, rows=rows) as org, receiver() as listening:
        console.print(f"It answers at {org['url']}: {org['log files']}. Watching it …")
        written = document(folder, org, seed, listening.url)
        _write(folder, written)
        settings = config.parse(written)
        progress = DemoProgress()
        daemon = Daemon(settings, watch=progress.take)
        names = {rule.id: rule.name for rule in daemon.node.processing.rules.alerting}
        status, streamed, told = _watch(daemon, progress, console, org, folder / "output", listening)
    _write(folder, without_receiver(written))
    seconds = progress.seconds
    mappings, _ = load_mappings([shipped("mappings")])
    output = folder / "output"
    verdict = judge(
        folder / "org" / "truth.ndjson",
        sorted(output.glob("events*")),
        sorted(output.glob("alerts*")),
        Normalizer(mappings),
    )
    show(verdict, names, status, seconds, folder, console, streamed)
    incidents = outcome(settings, utc_now)
    show_incidents(incidents, told, folder, console, utc_now())
    found = {alert.scenario for alert in streamed} == set(SCENARIOS)
    return (
        FINE
        if verdict.ok and status["balanced"] and found and incidents.is_well and told is not None and told.is_well
        else FOUND
    )


def document(folder: Path, org: dict[str, str], seed: int, address: str) -> dict[str, Any]:
    """The settings, as a settings file would have them. `address`: where people are told."""
    arranged = arrangements(folder, address)
    client = {
        "type": "client_credentials",
        "client_id": org["client id"],
        "client_secret": {"file": org["client secret in"]},
    }
    sources = [
        {"type": "event_log_file", "event_types": "all", "start": "48h", "settle": "0s"},
        {"type": "real_time", "endpoint": org["Pub/Sub API"]},
    ]
    return {
        "orgs": [{"name": "demo", "url": org["url"], "auth": client, "tls": {"ca": org["ca"]}, "sources": sources}],
        "destinations": [{"type": "file", "directory": str(folder / "output")}],
        "enrich": enrichment(folder, Staff(seed, PEOPLE), datetime.now(UTC).date()),
        "notice": {"zone": "Europe/Berlin", "jurisdictions": ["eu"], "roles": ["controller"], **arranged["notice"]},
        "inbound": arranged["inbound"],
        "state": {"directory": str(folder / "state")},
    }


def _write(folder: Path, written: dict[str, Any]) -> None:
    (folder / "leakline.yaml").write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")


def _prepare(folder: Path) -> None:
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise LeaklineError(f"{folder} holds other files", hint="name another folder with --folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _watch(
    daemon: Daemon, progress: DemoProgress, console: Console, org: dict[str, str], output: Path, listening: Receiver
) -> tuple[dict[str, Any], list[StreamedAlert], DemoTelling | None]:
    """Read everything there is, then let leaks happen and be streamed, tell people, wait until all is delivered, and return the
    status at the end with the alerts about what was streamed, and what became of the telling.
    """
    threads = [*daemon.start_forwarding(), *daemon.readings.start_sources()]
    streamed: list[StreamedAlert] = []
    told: DemoTelling | None = None
    reading = threading.Thread(target=_read, args=(daemon,), name="read")
    with Live(progress, console=console, refresh_per_second=5, vertical_overflow="visible"):
        reading.start()
        reading.join()
        if not daemon.stop.is_set():
            streamed = wait_for_alerts(plant(org), output)
            settle(daemon)
            told = tell(daemon, listening)
            daemon.trail.turn()
        while not (_said(daemon) and daemon.drained()) and not daemon.stop.is_set():
            time.sleep(0.05)
    daemon.stop.set()
    for thread in threads:
        thread.join()
    status = daemon.commands.status()
    daemon.close()
    if daemon.failure:
        raise LeaklineError(f"the demo ended early: {daemon.failure}")
    return status, streamed, told


def _said(daemon: Daemon) -> bool:
    """Whether no event of Leakline's own waits to be sent."""
    return not any(shard.stores.problems.has_events() for shard in daemon.node.shards.values())


def _read(daemon: Daemon) -> None:
    try:
        while daemon.read_once():
            pass
    except (SourceError, OSError) as error:
        daemon.failure = str(error)
        daemon.stop.set()
