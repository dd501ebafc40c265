"""Somebody who never stops declaring, commenting and acknowledging, and asking for checkpoints, whatever becomes of the daemon."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.daemon.control.client import ask
from agent.errors import LeaklineError

PERSON = "ann"
COMMENTED, ANCHORED, ACKNOWLEDGED = "incident-commented", "incident-anchored", "incident-acknowledged"
"""Types of records, and actions of events."""


@dataclass
class AnsweredChanges:
    """What the daemon said it had done: incidents by what was told of them."""

    comments: dict[str, str] = field(default_factory=dict)
    anchored: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    checkpoints: int = 0
    unanswered: int = 0
    """Requests that the daemon did not live to answer, or refused."""


class IncidentTalker:
    """Over the control socket, in a thread of its own, until it is closed."""

    def __init__(self, socket: Path, seed: int = 1) -> None:
        self.answered = AnsweredChanges()
        self._socket = socket
        self._chance = random.Random(seed)
        self._stop = threading.Event()
        self._said = 0
        self._thread = threading.Thread(target=self._talk)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def last_word(self) -> str:
        """A comment, for whoever waits until everything before it is delivered: events of changes keep their order."""
        self._comment(self._incident()[0])
        return f"note {self._said}"

    def _talk(self) -> None:
        while not self._stop.wait(self._chance.random() * 0.06):
            try:
                self._change(*self._incident())
            except LeaklineError:
                self.answered.unanswered += 1

    def _incident(self) -> tuple[str, str]:
        """The id and the state of one of those that are open; empty without any."""
        found = self._ask("incidents_list", limit=200)["incidents"]
        row = self._chance.choice(found) if found else {"id": "", "state": ""}
        return str(row["id"]), str(row["state"])

    def _change(self, number: str, state: str) -> None:
        # A candidate that somebody takes up may be joined by other alerts: a run without anybody would differ.
        further = () if state == "candidate" else ("anchor", "acknowledge")
        what = self._chance.choice(("comment", "comment", "checkpoint", *further))
        if what == "checkpoint" or not number:
            self._ask("trail_checkpoint")
            self.answered.checkpoints += 1
        elif what == "comment":
            self._comment(number)
        elif what == "anchor":
            time = datetime.now(UTC) - timedelta(minutes=1)
            self._ask("incidents_anchor", number=number, anchors=[f"aware={time.isoformat()}"], by=PERSON, basis="seen")
            self.answered.anchored.add(number)
        else:
            self._ask("incidents_acknowledge", number=number, by=PERSON)
            self.answered.acknowledged.add(number)

    def _comment(self, number: str) -> None:
        self._said += 1
        text = f"note {self._said}"
        self._ask("incidents_comment", number=number, text=text, by=PERSON)
        self.answered.comments[text] = number

    def _ask(self, command: str, **arguments: Any) -> Any:
        answer = ask(self._socket, command, **arguments)
        if answer is None:
            raise LeaklineError("nobody is there")
        return answer
