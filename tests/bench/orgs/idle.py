"""What orgs cost that are signed in and polled, and have nothing new."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from agent.sources.event_log_file.source import EventLogFileSettings
from tests.bench.orgs.process_cost import Held, core_seconds
from tests.bench.orgs.served import ServedOrgs, served_orgs
from tests.end_to_end.agent_process import AgentProcess

POLLS_AN_HOUR = timedelta(hours=1) / EventLogFileSettings().every
SWEEPS_AN_HOUR = timedelta(hours=1) / EventLogFileSettings().sweep_every
"""Of these polls, those that look three days back."""
POLLED_SOURCES = (
    *("event_log_file", "stored_events", "setup_audit_trail", "login_history"),
    *("event_log_object", "provisioning", "sessions"),
)
"""All types that are polled, but for objects of one's own."""


@dataclass(frozen=True, slots=True)
class Idle:
    """A daemon over `orgs` idle orgs: what it holds, and its core use in % of a core between polls.

    Seconds: `started` until it watches, `polled` until every org was polled once, `status` of a `leakline status --json`.
    """

    orgs: int
    held: Held
    core: float
    started: float
    polled: float
    status: float


@dataclass(frozen=True, slots=True)
class PollCost:
    """Core-milliseconds of a poll that finds nothing: an ordinary one, and one that looks three days back."""

    poll: float
    sweep: float

    def percent(self) -> float:
        """Of a core, for one org that is polled as often as it is by default."""
        milliseconds = (POLLS_AN_HOUR - SWEEPS_AN_HOUR) * self.poll + SWEEPS_AN_HOUR * self.sweep
        return milliseconds / 3_600_000 * 100


def idle(folder: Path, orgs: int, *, settle: float, window: float) -> Idle:
    """Measured over `window` seconds, `settle` seconds after all were polled once. Two minutes hold two ticks, and no poll."""
    with served_orgs(folder / "orgs", orgs) as served:
        agent, started, polled = _timed_start(folder, served, orgs, [served.source()])
        time.sleep(settle)
        core = _core_use(agent, window)
        measured = Idle(orgs, Held.of(agent.pid), core, started, polled, _status_seconds(agent))
        agent.stop()
    return measured


def idle_polled(folder: Path, orgs: int, *, settle: float, window: float) -> Idle:
    """As `idle`, with all polled sources, each as often as by default: five minutes hold a turn of nearly all of them."""
    with served_orgs(folder / "orgs", orgs) as served:
        sources = [{"type": kind} for kind in POLLED_SOURCES]
        agent, started, polled = _timed_start(folder, served, orgs, sources)
        time.sleep(settle)
        core = _core_use(agent, window)
        measured = Idle(orgs, Held.of(agent.pid), core, started, polled, _status_seconds(agent))
        agent.stop()
    return measured


def poll_cost(folder: Path, orgs: int, window: float) -> PollCost:
    """By polling often: the core use beyond that of the same orgs between polls, a poll.

    Not more often than connections are kept (5 s, httpx): like one after ten minutes, each poll makes a new one.
    """
    every = "6s" if window > 12 else "1s"
    with served_orgs(folder / "orgs", orgs) as served:
        quiet, _ = _polled(folder / "quiet", served, orgs, window, every="1h")
        costs = []
        for name, sweep_every in (("polls", "1h"), ("sweeps", "0s")):
            core, polls = _polled(folder / name, served, orgs, window, every=every, sweep_every=sweep_every)
            costs.append((core - quiet) / 100 * window * 1000 / max(1, polls))
    return PollCost(*costs)


def slope(measured: Sequence[Idle], what: str) -> float:
    """How much an org adds, by least squares over the numbers of orgs; `what`: core, pss, private, threads or descriptors."""
    values = [idle.core if what == "core" else float(getattr(idle.held, what)) for idle in measured]
    orgs = [idle.orgs for idle in measured]
    mean_orgs, mean_value = sum(orgs) / len(orgs), sum(values) / len(values)
    spread = sum((number - mean_orgs) ** 2 for number in orgs)
    pairs = zip(orgs, values, strict=True)
    return sum((number - mean_orgs) * (value - mean_value) for number, value in pairs) / spread if spread else 0.0


def _polled(folder: Path, served: ServedOrgs, orgs: int, window: float, **source: str) -> tuple[float, int]:
    """Core use in % of a core, and polls in that time."""
    folder.mkdir()
    agent = _started(folder, served, orgs, **source)
    time.sleep(2)
    before = served.calls("poll")
    core = _core_use(agent, window)
    polls = served.calls("poll") - before
    agent.stop()
    return core, polls


def _core_use(agent: AgentProcess, window: float) -> float:
    began, cores = time.monotonic(), core_seconds(agent.pid)
    time.sleep(window)
    return (core_seconds(agent.pid) - cores) / (time.monotonic() - began) * 100


def _status_seconds(agent: AgentProcess) -> float:
    """Of the command as a process of its own."""
    began = time.monotonic()
    command = [sys.executable, "-m", "agent", "status", "--json", "-c", str(agent.settings)]
    subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    return time.monotonic() - began


def _started(folder: Path, served: ServedOrgs, orgs: int, **source: str) -> AgentProcess:
    return _timed_start(folder, served, orgs, [served.source(**source)])[0]


def _timed_start(
    folder: Path, served: ServedOrgs, orgs: int, sources: Sequence[Mapping[str, Any]]
) -> tuple[AgentProcess, float, float]:
    """A daemon with the shipped rules that has polled every org once; seconds until it watched, and until it had."""
    document = {
        "orgs": [{**served.settings(number), "sources": sources} for number in range(orgs)],
        "destinations": [{"type": "file", "directory": str(folder / "out")}],
        "state": {"directory": str(folder / "state")},
    }
    agent = AgentProcess(folder, document)
    began = time.monotonic()
    agent.start()
    started = time.monotonic() - began
    agent.wait_for(lambda: all(source["last_success"] for source in agent.status()["sources"]))
    return agent, started, time.monotonic() - began
