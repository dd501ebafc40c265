"""The heartbeat: a request to a monitor outside, only while every person is notified in time.

So silence means something: the machine, the daemon, its threads, its state or its messages are in trouble. Who listens there calls
somebody.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from agent import metrics
from agent.daemon.sending.repeated import repeat
from agent.errors import LeaklineError
from agent.network.answer_body import read_error
from agent.network.connection import Connection
from agent.network.failure import explain
from agent.notice.arrangements.self_watch import HeartbeatSettings
from agent.store.problems import Problems
from agent.wording.number import counted

LOOK_EVERY = 0.5
"""Seconds."""
TIMEOUT = 10.0
"""Seconds of a request."""

BEHIND, FAILED = "escalation-behind", "heartbeat-failed"
"""Kinds of problems."""
SUBJECT = "escalation"
LOOK_AGAIN = 5.0
"""Seconds after which what is behind is looked at again before it is said: after a restart all that fell due meanwhile is behind, and
is told within them.
"""
MOST_SAID = 3
"""Sentences of what is behind; the number of all is said."""


class HeartbeatLoop:
    """`run` is what the thread does, until the stop event."""

    def __init__(
        self,
        settings: HeartbeatSettings | None,
        audit: Callable[[], Sequence[str]],
        problems: Problems,
        stop: threading.Event,
        now: Callable[[], datetime],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`settings`: None where there is no monitor: the audit is made all the same; `audit`: a sentence for each thing that is
        behind; `problems`: of the process.
        """
        self._settings = settings
        self._audit = audit
        self._problems = problems
        self._stop = stop
        self._now = now
        self._steady = steady
        self._every = (settings or HeartbeatSettings(url="http://127.0.0.1")).every.total_seconds()
        self._next = steady()
        self._was_behind = False
        """Whether something was at the last look."""
        self._connection: Connection | None = None
        self.sent_at: datetime | None = None
        """When the monitor took one last."""

    def run(self) -> None:
        """Raises StateError other than a full disk."""
        try:
            repeat(self.turn, self._stop, LOOK_EVERY, "a heartbeat")
        finally:
            if self._connection is not None:
                self._connection.close()

    def turn(self) -> bool:
        """Whether a heartbeat was taken."""
        if self._steady() < self._next:
            return False
        self._next = self._steady() + self._every
        behind = list(self._audit())
        was_behind, self._was_behind = self._was_behind, bool(behind)
        if behind and not was_behind:
            self._next = self._steady() + min(self._every, LOOK_AGAIN)
            return False
        if behind:
            rest = f" and {len(behind) - MOST_SAID:,} more like these" if len(behind) > MOST_SAID else ""
            said = f"{counted(len(behind), 'thing')} behind: {'; '.join(behind[:MOST_SAID])}{rest}"
            self._problems.report(BEHIND, SUBJECT, said)
            return False
        self._problems.over(BEHIND, SUBJECT, "every person is notified in time")
        if self._settings is None:
            return False
        reason = self._send(self._settings)
        if reason:
            self._problems.report(FAILED, "heartbeat", f"{self._host()} did not take the heartbeat: {reason}")
            return False
        self._problems.over(FAILED, "heartbeat", f"{self._host()} takes heartbeats")
        self.sent_at = self._now()
        metrics.HEARTBEAT.set(self.sent_at.timestamp())
        return True

    def _host(self) -> str:
        """Monitors put what may be a secret into the path."""
        return urlsplit(self._settings.url).netloc if self._settings else ""

    def _send(self, settings: HeartbeatSettings) -> str:
        """Why it was not taken; empty where it was."""
        try:
            if self._connection is None:
                self._connection = Connection(settings.url, settings.tls, settings.proxy, TIMEOUT)
            with self._connection.exchange(settings.method, settings.url, deadline=TIMEOUT) as response:
                read_error(response)
                return "" if response.status_code < 300 else f"it answered with status {response.status_code}"
        except httpx.HTTPError as error:
            return explain(error)
        except LeaklineError as error:
            return str(error)
