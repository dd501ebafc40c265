"""Leakline over one source of the simulated org, and when its alerts arrive at both destinations."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.latency.arrivals import TimedHec, WatchedFile
from tests.bench.latency.publisher import Facts
from tests.certificates import make_certificates
from tests.destinations.hec_server import TOKEN
from tests.destinations.http_server import HttpServer
from tests.end_to_end.agent_process import AgentProcess


@dataclass(frozen=True, slots=True)
class AlertWatch:
    """The daemon, and what came to its file and to the HEC server."""

    agent: AgentProcess
    file: WatchedFile
    hec: TimedHec

    def latencies(self, since: Mapping[str, float], patience: float) -> dict[str, list[float]]:
        """Seconds to the alert about each event, in ascending order, by destination; those that have not come after `patience`
        (s) are left out. `since`: `event.id` to seconds since 1970.
        """
        until = time.monotonic() + patience
        places = {"file": self.file.arrived, "HTTPS": self.hec.arrived}
        while time.monotonic() < until and not all(since.keys() <= arrived.keys() for arrived in places.values()):
            time.sleep(0.05)
        return {
            name: sorted(arrived[event_id] - since[event_id] for event_id in since.keys() & arrived.keys())
            for name, arrived in places.items()
        }


@contextmanager
def alert_watch(
    folder: Path, facts: Facts, source: Mapping[str, Any], further: Mapping[str, Any] | None = None
) -> Iterator[AlertWatch]:
    """Runs until it is left; `source`: its settings; `further`: what else is in the settings file; `folder` is made."""
    folder.mkdir()
    hec = TimedHec()
    certificates = make_certificates(folder)
    server = HttpServer(hec, certificates.server_context())
    (folder / "token").write_text(TOKEN)
    agent = AgentProcess(folder, _document(folder, facts, source, (server.url, certificates.ca)) | dict(further or {}))
    file = WatchedFile(folder / "out")
    try:
        agent.start()
        yield AlertWatch(agent, file, hec)
        agent.kill()
    finally:
        file.close()
        server.stop()


def nearly_most(ascending: Sequence[float]) -> float:
    """The 99th percentile."""
    return ascending[min(len(ascending) - 1, int(0.99 * len(ascending)))]


def _document(folder: Path, facts: Facts, source: Mapping[str, Any], hec: tuple[str, Path]) -> dict[str, Any]:
    auth = {"type": "client_credentials", "client_id": facts.client_id, "client_secret": {"file": facts.secret}}
    org = {"name": "bench", "url": facts.url, "auth": auth, "tls": {"ca": facts.ca}, "sources": [dict(source)]}
    splunk = {"type": "splunk", "url": hec[0], "token": {"file": str(folder / "token")}, "tls": {"ca": str(hec[1])}}
    return {
        "orgs": [org],
        "destinations": [{"type": "file", "directory": str(folder / "out")}, splunk],
        "state": {"directory": str(folder / "state")},
    }
