"""Runs the stream source as the ingest loop does, until something has happened; and what it committed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import orjson

from agent.model import OWN_EVENT_TYPE, Batch, Cursor
from agent.normalize.vendor_identity import identify_events
from agent.source import Idle
from agent.sources.real_time.pace import StreamPace
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.real_time.source import RealTime
from tests.scripted_org.scripted_org import ScriptedOrg
from tests.scripted_pubsub.scripted_pubsub import ScriptedPubSub
from tests.sources.conftest import MakeSession
from tests.sources.reader import Clock, RecalledKeys

PATIENCE = 20.0
"""Seconds until what does not come has failed; by far more than it needs."""
LOGINS, FILES = "LoginEventStream", "FileEvent"
QUICK = StreamPace(company=0.0, idle=0.02, settle=0.1)


@dataclass
class StreamDriver:
    """What it holds besides the source outlives a restart."""

    org: ScriptedOrg
    pubsub: ScriptedPubSub
    make_session: MakeSession
    clock: Clock
    settings: dict[str, Any] = field(default_factory=dict)
    pace: StreamPace = QUICK
    memory: RecalledKeys = field(default_factory=RecalledKeys)
    cursor: Cursor | None = None
    batches: list[Batch] = field(default_factory=list)
    seconds: float = 0.0
    """Added to the clock that does not jump."""

    def __post_init__(self) -> None:
        self.offer(LOGINS, FILES)
        self.restart()

    def offer(self, *channels: str) -> None:
        """Channels that the org streams from now on."""
        for channel in channels:
            self.pubsub.topic(channel)
        names = {*self.pubsub.topics, *(f"{channel}Store" for channel in self.pubsub.topics)}
        self.org.status["describe"] = (200, {"sobjects": [{"name": name} for name in sorted(names)]})

    def restart(self, **settings: Any) -> None:
        """A new object, as of a new process."""
        self.end()
        self.settings |= settings
        self.stop = threading.Event()
        document = {"type": "real_time", "endpoint": self.pubsub.endpoint, "start": "earliest", **self.settings}
        self.source = RealTime(
            self.make_session(),
            RealTimeSettings.model_validate(document),
            now=self.clock,
            recall=self.memory,
            naming=identify_events,
            steady=self._steady,
            pace=self.pace,
        )
        self.items: Generator[Batch | Idle] | None = None

    def end(self) -> None:
        """Close the stream where it is."""
        if getattr(self, "items", None) is not None and self.items is not None:
            self.items.close()
            self.items = None
            assert self.pubsub.wait_for(lambda: self.pubsub.open_streams == 0)

    def run(self, until: Callable[[], bool]) -> None:
        """Commit what comes until the condition holds. Raises what the source raises."""
        self.items = self.items or self.source.stream(self.cursor, self.stop)
        patient = time.monotonic() + PATIENCE
        while time.monotonic() < patient:
            if until():
                return
            item = next(self.items)
            if isinstance(item, Batch):
                self.memory.apply(item.remember)
                self.cursor = item.cursor or self.cursor
                self.batches.append(item)
        raise AssertionError("it does not come")

    def receive(self, *labels: str) -> None:
        """Run until these rows are there."""
        self.run(lambda: set(labels) <= set(self.rows()))

    def rows(self, column: str = "UserId") -> list[str]:
        return [value for batch in self.filled() for value in batch.frame[column]]

    def filled(self) -> list[Batch]:
        """Batches with rows of the org."""
        return [batch for batch in self.batches if batch.event_type != OWN_EVENT_TYPE and batch.frame.height]

    def own(self, action: str = "") -> list[dict[str, Any]]:
        """Own events, all or those of one action."""
        events = [row for batch in self.batches if batch.event_type == OWN_EVENT_TYPE for row in batch.frame.to_dicts()]
        return [event for event in events if action in ("", event["event.action"])]

    def covered(self, event: str) -> Any:
        return orjson.loads(self.memory[f"covered/{event}"])

    def logins(self, *labels: str, **values: Any) -> None:
        """Log-ins that happen now."""
        self.pubsub.give(LOGINS, *(self.values(label, **values) for label in labels))

    def values(self, label: str, **values: Any) -> dict[str, Any]:
        now = self.milliseconds()
        named = {"EventIdentifier": f"event-{label}", "UserId": label, "RowsProcessed": 1.0}
        return {"CreatedDate": now, "EventDate": now, **named, **values}

    def milliseconds(self) -> int:
        return int(self.clock().timestamp() * 1000)

    def _steady(self) -> float:
        return time.monotonic() + self.seconds
