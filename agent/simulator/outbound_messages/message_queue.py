"""Notifications that wait until they are acknowledged, and what became of each.

As Salesforce documents it: a message that fails is tried again after intervals that double up to two hours, whatever became
of others; after 24 hours (seven days where failed ones are kept) it is dropped. The first interval is our guess.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.simulator.outbound_messages.workflow import Workflow
from agent.simulator.world.record_id import long_id, short_id

MOST_TOGETHER = 100
"""Notifications in a message."""
FIRST_INTERVAL = 15_000
LONGEST_INTERVAL = 2 * 3_600_000


@dataclass(slots=True)
class Waiting:
    """A notification. Times are milliseconds since 1970, of the org's clock."""

    id: str
    workflow: Workflow
    record: str
    queued: int
    next_try: int
    values: Mapping[str, Any] | None = None
    """Of the record where nobody can be asked for them as they are when the message is sent."""
    attempts: int = 0


class MessageQueue:
    """Safe for threads."""

    def __init__(self, truth: Path, kept: int) -> None:
        """`truth`: a line is written to it for each notification that is acknowledged or dropped; `kept`: milliseconds."""
        self.truth = truth
        self._kept = kept
        self._lock = threading.Lock()
        self._waiting: dict[str, Waiting] = {}
        self._number = 0
        self.acknowledged = 0
        self.dropped = 0

    def __len__(self) -> int:
        """How many wait."""
        with self._lock:
            return len(self._waiting)

    def add(self, workflow: Workflow, record: str, now: int, values: Mapping[str, Any] | None = None) -> str:
        """The id of the new notification."""
        with self._lock:
            self._number += 1
            id_ = long_id(short_id("OutboundMessage", self._number))
            self._waiting[id_] = Waiting(id_, workflow, record, now, now, values)
            return id_

    def due(self, now: int) -> list[Waiting]:
        """Those to send now in one message: of one workflow, the newest first, since order is not promised."""
        with self._lock:
            self._drop(now)
            due = [waiting for waiting in reversed(self._waiting.values()) if waiting.next_try <= now]
            return [waiting for waiting in due if waiting.workflow == due[0].workflow][:MOST_TOGETHER]

    def acknowledge(self, message: Sequence[Waiting], now: int) -> None:
        """They were sent once more and taken."""
        with self._lock:
            for waiting in message:
                waiting.attempts += 1
                if self._waiting.pop(waiting.id, None) is not None:
                    self.acknowledged += 1
                    self._write(waiting, "acknowledged", now)

    def fail(self, message: Sequence[Waiting], now: int) -> None:
        """They were sent once more and not taken."""
        with self._lock:
            for waiting in message:
                waiting.attempts += 1
                waiting.next_try = now + min(FIRST_INTERVAL << min(waiting.attempts - 1, 20), LONGEST_INTERVAL)

    def _drop(self, now: int) -> None:
        for waiting in [waiting for waiting in self._waiting.values() if waiting.queued + self._kept < now]:
            del self._waiting[waiting.id]
            self.dropped += 1
            self._write(waiting, "dropped", now)

    def _write(self, waiting: Waiting, end: str, now: int) -> None:
        line = {
            "id": waiting.id, "action": waiting.workflow.action_id, "object": waiting.workflow.entity, "record": waiting.record,
            "queued": waiting.queued, "end": end, "time": now, "attempts": waiting.attempts,
        }  # fmt: skip
        with self.truth.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
