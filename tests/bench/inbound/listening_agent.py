"""The daemon with a listener and a file destination, as its service runs: all rules, and an org that is away and not missed."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from agent.normalize.vendor_identity import identify_named
from tests.bench.inbound.report_requests import ReportRequests
from tests.end_to_end.agent_process import AgentProcess

ORG = "bench"
TOKEN = "a-token-of-the-bench-alone"


class ListeningAgent(AgentProcess):
    """`port` is that of the listener, the same after each start."""

    def __init__(self, folder: Path, *, senders: int = 4, requests_per_second: int = 100_000, **changes: Any) -> None:
        """`requests_per_second`: what a sender may; `changes`: further keys of the settings file."""
        self.port = free_port()
        self.senders = [(f"middleware_{number}", TOKEN) for number in range(senders)]
        self._out = folder / "out"
        document = inbound_settings(folder, ORG, self.port, [name for name, _ in self.senders], requests_per_second)
        auth = {"type": "client_credentials", "client_id": "nobody", "client_secret": {"file": str(token_file(folder))}}
        source = {"type": "event_log_file", "every": "1h"}
        document |= {
            "orgs": [{"name": ORG, "url": "https://localhost:1", "auth": auth, "sources": [source]}],
            "destinations": [{"type": "file", "directory": str(self._out)}],
            "state": {"directory": str(folder / "state")},
        }
        super().__init__(folder, document | changes)

    def start(self) -> None:
        """Returns once the listener listens."""
        super().start()
        self.wait_for(self._listens)

    def delivered(self) -> Counter[str]:
        """How often each `event.id` of a report was written by the file destination."""
        return Counter(
            document["event"]["id"]
            for path in self._out.glob("events*")
            for line in path.read_bytes().splitlines()
            if (document := orjson.loads(line))["event"].get("dataset", "").endswith("inbound")
        )

    def read(self) -> Mapping[str, int]:
        """What the ledger says of reports: `read`, `duplicate`, `malformed`, `spooled`, over all event types."""
        counts = Counter[str]()
        for account in self.status()["read"]:
            if account["source"] == f"{ORG}/inbound":
                counts.update({name: account[name] for name in ("read", "duplicate", "malformed", "spooled")})
        return counts

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


def inbound_settings(
    folder: Path, org: str, port: int, senders: Sequence[str], requests_per_second: int = 100_000
) -> dict[str, Any]:
    """The part of a settings file."""
    sender = {
        "org": org,
        "authentication": {"bearer": {"file": str(token_file(folder))}},
        "requests_per_second": requests_per_second,
    }
    listen = f"127.0.0.1:{port}"
    return {"inbound": {"listen": listen, "senders": [{"name": name, **sender} for name in senders]}}


def token_file(folder: Path) -> Path:
    """The senders' token; is made."""
    (folder / "senders-token").write_text(TOKEN)
    return folder / "senders-token"


def event_ids(requests: ReportRequests, numbers: Iterable[int], event_type: str | None = None) -> list[str]:
    """The `event.id` of every report of these requests; `event_type`: of such ones alone."""
    names: dict[str, list[str]] = {}
    for number in numbers:
        for sender, kind, id_ in requests.ids(number):
            if event_type in (None, kind):
                names.setdefault(kind, []).append(f"{sender}\x1f{id_}")
    return [
        event_id
        for kind, of_kind in names.items()
        for event_id in identify_named(pl.Series(of_kind, dtype=pl.String), ORG, kind).to_list()
    ]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
