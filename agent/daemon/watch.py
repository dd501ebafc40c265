"""What is looked at about once a second, in a thread of its own.

A look may have to wait for the state, which a loop that hangs may hold. The main thread, which takes the signals and
feeds the watchdog, must never wait for that: it only asks whether the watch is late.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from agent.errors import StateError

log = structlog.get_logger()

EVERY = 1.0
"""Seconds between two rounds."""
LATE_AFTER = 60.0
"""Seconds without a whole round after which the watch is late."""


class Watch:
    """`run` is the work of a thread."""

    def __init__(
        self, looks: Sequence[Callable[[], None]], stop: threading.Event, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._looks = looks
        self._stop = stop
        self._steady = steady
        self._ended = steady()
        self._failed = ""

    def run(self) -> None:
        """Until the stop event."""
        while not self._stop.wait(EVERY):
            self.round()

    def round(self) -> None:
        """Look once at everything. What the state cannot take now (a full disk) is tried again in the next round."""
        failed = ""
        for look in self._looks:
            try:
                look()
            except StateError as error:
                failed = str(error)
        if failed and failed != self._failed:
            log.warning("cannot be recorded", reason=failed)
        self._failed = failed
        self._ended = self._steady()

    def is_late(self) -> bool:
        return self._steady() - self._ended > LATE_AFTER
