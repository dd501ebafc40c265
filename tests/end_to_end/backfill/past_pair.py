"""A simulated org with a past, and an agent that comes when it has one; both on a clock that a test moves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.daemon.backfill.requests import COSTS, STATUSES
from agent.daemon.control.client import ask
from agent.simulator.event_stream.event_kind import event_kinds
from agent.simulator.running import RunningOrg
from agent.simulator.world.simulator_settings import SimulatorSettings
from agent.status.backfill import BackfillCost, BackfillStatus
from tests.end_to_end.broken_stream.moved_agent import KEEP_ALIVE
from tests.end_to_end.broken_stream.moved_pair import MovedPair
from tests.end_to_end.week.simulated_week import ENOUGH, FIELDS, INVOICE

COST_WITHIN = 600.0


class PastPair(MovedPair):
    """To be closed. The org's clock stands still but for `pass_hours`; the agent is not started."""

    def __init__(
        self, folder: Path, begin: datetime, past: timedelta, rows_per_day: int, types: Sequence[str] | None
    ) -> None:
        """`begin`: what time it is; `past`: how long the org exists."""
        settings = SimulatorSettings(
            folder=folder / "org",
            now=lambda: begin,
            history=past,
            rows_per_day=rows_per_day,
            people=40,
            scenarios=(),
            event_types=types,
            late_share=0.3,
            login_header="mixed",
            keep_alive=timedelta(seconds=KEEP_ALIVE),
            api_limit=ENOUGH,
        )
        super().__init__(folder, settings, document_for)
        self.socket = folder / "state" / "control.sock"
        self.settings = folder / "leakline.yaml"

    def pass_hours(self, count: int) -> None:
        """As `SimulatedWeek.pass_hours`."""
        self.org.advance(hours=count)
        self._clock.move_to(self.org.now() - datetime.now(UTC))

    def store_all(self) -> None:
        """Let the org's truth name everything that it stores: by itself it names only what somebody has asked for."""
        for kind in event_kinds().values():
            if kind.stored is not None:
                for _ in self.org.stored_events.newest(kind, 0, self.org.until()):
                    pass

    # The backfill, over the control socket

    def cost(self, since: datetime) -> BackfillCost:
        """From then up to now."""
        answer = ask(self.socket, "backfill_cost", timeout=COST_WITHIN, org="acme", since=since.isoformat())
        return COSTS.validate_python(answer)

    def begin(self, cost: BackfillCost) -> None:
        """The backfill of which this is the cost."""
        since, until = cost.since.isoformat(), cost.until.isoformat()
        ask(self.socket, "backfill_start", org="acme", since=since, until=until)

    def backfill(self) -> BackfillStatus:
        """How far it is."""
        (found,) = STATUSES.validate_python(ask(self.socket, "backfill_status"))
        return found

    def wait_for_rows(self, rows: int) -> BackfillStatus:
        """Until so many are read, or it has ended."""
        while (known := self.backfill()).rows < rows and known.state != "finished":
            at = known.calls
            self.agent.wait_for(lambda at=at: (now := self.backfill()).calls > at or now.state == "finished")
        return known

    def finish(self) -> BackfillStatus:
        """Until it has ended, however long that takes, as long as it gets on."""
        while (known := self.backfill()).state != "finished":
            at = known.calls
            self.agent.wait_for(lambda at=at: (now := self.backfill()).calls > at or now.state == "finished")
        return known

    def seconds_until(self, condition: Any) -> float:
        """How long it takes."""
        began = time.monotonic()
        self.agent.wait_for(condition)
        return time.monotonic() - began


def document_for(running: RunningOrg, folder: Path) -> dict[str, Any]:
    """Settings of an agent that reads all sources that have rows with a time, from a day before it comes."""
    client = {
        "type": "client_credentials",
        "client_id": running.client_id,
        "client_secret": {"file": str(running.client_secret_file)},
    }
    sources = [
        {"type": "event_log_file", "event_types": "all", "settle": "0s", "every": "3s"},
        {"type": "real_time", "endpoint": running.pubsub, "start": "earliest"},
        {"type": "stored_events", "every": "4s"},
        {"type": "setup_audit_trail", "every": "1s"},
        {"type": "login_history", "every": "2s"},
        {"type": "event_log_object", "every": "8s"},
        {"type": "provisioning", "every": "5s"},
        {"type": "sessions", "every": "5s"},
        {"type": "object", "object": INVOICE, "fields": FIELDS, "every": "2s"},
    ]
    org = {"name": "acme", "url": running.url, "auth": client, "tls": {"ca": str(running.ca)}, "sources": sources}
    return {
        "orgs": [org],
        "destinations": [{"type": "file", "directory": str(folder / "out")}],
        "state": {"directory": str(folder / "state")},
    }
