"""The daemon begins anew in its own process: settings that came into force are what everything is built from."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

AFTER = 1.0
"""Seconds: whoever asked for it gets the answer first."""


class Restart:
    """Safe for threads."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._lock = threading.Lock()
        self._at: float | None = None
        self.reason = ""
        """Empty while none is asked for."""
        self.has_begun = False
        """Whether the daemon ends for it. One that ends for another reason, such as a signal, does not begin again."""

    def ask(self, reason: str) -> None:
        """It is to begin anew soon."""
        with self._lock:
            self.reason = f"it restarts itself: {reason}"
            if self._at is None:
                self._at = self._steady() + AFTER

    def begins(self) -> bool:
        """Whether it is time: the daemon ends for it from then on."""
        with self._lock:
            self.has_begun = self.has_begun or (self._at is not None and self._steady() >= self._at)
            return self.has_begun


def begin_anew() -> None:
    """The same command in the same process, with the same environment: systemd goes on watching it. Does not return."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line
