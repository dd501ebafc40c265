"""A simulated org and an agent with all sources on, both on a clock that is moved by hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.simulator.running import RunningOrg
from agent.simulator.world.simulator_settings import SimulatorSettings
from tests.end_to_end.broken_stream.broken_day import expect_stored
from tests.end_to_end.broken_stream.moved_agent import KEEP_ALIVE
from tests.end_to_end.broken_stream.moved_pair import MovedPair

INVOICE = "Invoice__c"
FIELDS = ["Name", "Status__c", "Amount__c"]
START = "60d"
"""Of sources of objects: all records that the org began with are younger."""
ENOUGH = 100_000_000
"""API calls: an hour is seconds here, and has many more polls."""


class SimulatedWeek(MovedPair):
    """To be closed. The agent is started, and reads what happened in the two hours before `begin`."""

    def __init__(self, folder: Path, begin: datetime, *, rows_per_day: int, event_types: Sequence[str] | None) -> None:
        settings = SimulatorSettings(
            folder=folder / "org",
            now=lambda: begin,
            history=timedelta(hours=2),
            rows_per_day=rows_per_day,
            people=40,
            scenarios=(),
            event_types=event_types,
            late_share=0.3,
            login_header="mixed",
            unknown_column=True,
            unknown_type=True,
            keep_alive=timedelta(seconds=KEEP_ALIVE),
            api_limit=ENOUGH,
        )
        super().__init__(folder, settings, document_for)
        self.start()

    def pass_hours(self, count: int) -> None:
        """In between the org's clock stands still. It goes first: a poll that has the agent's new time must find everything
        that the org has by then, for the next one looks back by ten minutes only.
        """
        before = self.org.now()
        self.org.advance(hours=count)
        self._clock.move_to(self.org.now() - datetime.now(UTC))
        expect_stored(self.org, before - self.org.settings.storage_delay)


def document_for(running: RunningOrg, folder: Path) -> dict[str, Any]:
    """Settings of an agent that reads all sources, each more often than in production: where something failed, a test waits
    for the next turn.
    """
    client = {
        "type": "client_credentials",
        "client_id": running.client_id,
        "client_secret": {"file": str(running.client_secret_file)},
    }
    sources = [
        {"type": "event_log_file", "event_types": "all", "settle": "0s", "every": "3s", "reconcile_daily": True},
        {"type": "real_time", "endpoint": running.pubsub, "start": "earliest"},
        {"type": "stored_events", "every": "4s"},
        {"type": "setup_audit_trail", "start": START, "every": "2s"},
        {"type": "login_history", "start": START, "every": "2s"},
        {"type": "event_log_object", "start": START, "every": "8s"},
        {"type": "provisioning", "start": START, "every": "1s", "snapshot_every": "1s"},
        {"type": "sessions", "start": START, "every": "1s"},
        {"type": "object", "object": INVOICE, "fields": FIELDS, "start": START, "every": "2s"},
    ]
    org = {"name": "acme", "url": running.url, "auth": client, "tls": {"ca": str(running.ca)}, "sources": sources}
    return {
        "orgs": [org],
        "destinations": [{"type": "file", "directory": str(folder / "out")}],
        "state": {"directory": str(folder / "state")},
    }
