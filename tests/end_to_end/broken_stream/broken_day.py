"""A simulated org and an agent that reads its streamed and stored events, both on a clock that is moved hour by hour."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.simulator.event_stream.event_kind import event_kinds
from agent.simulator.org.simulated_org import SimulatedOrg
from agent.simulator.running import RunningOrg
from agent.simulator.world.simulator_settings import SimulatorSettings
from tests.end_to_end.broken_stream.moved_agent import KEEP_ALIVE
from tests.end_to_end.broken_stream.moved_pair import MovedPair
from tests.end_to_end.broken_stream.stream_judge import StreamVerdict, documents, judge

BEGIN = datetime(2026, 11, 18, 6, 10, tzinfo=UTC)
"""A Wednesday, before people come to work."""
OVERLAP = 90
"""Minutes for which polls look back: a poll may fall between the moves of the two clocks, and then the org stores late by an
hour.
"""
LOOK_AGAIN = 0.3
"""Seconds between two looks at what has arrived."""


class BrokenDay(MovedPair):
    """To be closed. The agent is started, and reads what happened in the two hours before."""

    def __init__(self, folder: Path, *, rows_per_day: int, event_types: Sequence[str] | None) -> None:
        settings = SimulatorSettings(
            folder=folder / "org",
            now=lambda: BEGIN,
            history=timedelta(hours=2),
            rows_per_day=rows_per_day,
            people=40,
            scenarios=(),
            event_types=event_types,
            history_only=True,
            daily_files=False,
            keep_alive=timedelta(seconds=KEEP_ALIVE),
        )
        super().__init__(folder, settings, document_for)
        self._logged = 0
        """Bytes of the agent's log when the last hour passed."""
        self.start()

    # What happens

    def hours(self, count: int = 1) -> None:
        """They pass, and what happens in them is streamed. In between the org's clock stands still: nothing happens there. The
        agent's goes on, and is right again by the next hour.
        """
        self._logged = self.agent.log.stat().st_size
        before = self.org.now()
        self._clock.move_to(before + timedelta(hours=count) - datetime.now(UTC))
        self.org.advance(hours=count)
        expect_stored(self.org, before - self.org.settings.storage_delay)

    # What came of it

    def verdict(self) -> StreamVerdict:
        return judge(self.org.id, self.org.stream_truth.path, documents(self.folder))

    def settle(self) -> None:
        """Until everything has arrived that is not within a gap."""
        looked = 0.0

        def has_settled() -> bool:
            nonlocal looked
            if time.monotonic() - looked < LOOK_AGAIN:
                return False
            looked = time.monotonic()
            return not self.verdict().lost

        self.agent.wait_for(has_settled)

    def wait_for_action(self, *actions: str) -> None:
        """Until the agent has sent own events with each of these actions."""
        self.agent.wait_for(lambda: set(actions) <= self.actions())

    def actions(self) -> set[str]:
        """Of all documents that arrived."""
        return {document["event"].get("action", "") for document in documents(self.folder)}

    def wait_for_words(self, text: str) -> None:
        """Until the agent has logged them since the hour passed."""
        self.agent.wait_for(lambda: text.encode() in self.agent.log.read_bytes()[self._logged :])


def expect_stored(org: SimulatedOrg, since: datetime) -> None:
    """Let the org's truth name what it stores since then and does not stream: by itself it names only what somebody has asked
    for, and a judge would not wait for a poll that has not begun.
    """
    begin = round(since.timestamp() * 1000)
    for kind in event_kinds().values():
        if kind.stored is not None and kind.channel is None:
            for _ in org.stored_events.newest(kind, begin, org.until()):
                pass


def document_for(running: RunningOrg, folder: Path) -> dict[str, Any]:
    """Settings of an agent that reads both sources of real-time events."""
    client = {
        "type": "client_credentials",
        "client_id": running.client_id,
        "client_secret": {"file": str(running.client_secret_file)},
    }
    stream = {"type": "real_time", "endpoint": running.pubsub, "start": "earliest"}
    stored = {"type": "stored_events", "every": "2s", "overlap": f"{OVERLAP}m"}
    org = {"name": "acme", "url": running.url, "auth": client, "tls": {"ca": str(running.ca)}}
    return {
        "orgs": [org | {"sources": [stream, stored]}],
        "destinations": [{"type": "file", "directory": str(folder / "out")}],
        "state": {"directory": str(folder / "state")},
    }
