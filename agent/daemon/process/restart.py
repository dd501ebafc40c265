"""The daemon begins anew in its own process: settings that came into force are what everything is built from."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()

AFTER = 1.0
"""Seconds: whoever asked for it gets the answer first."""
AGAIN_AFTER = 60.0
"""Seconds until it is looked again whether what kept it from beginning anew is over."""


class Restart:
    """Safe for threads."""

    def __init__(self, steady: Callable[[], float], hindrance: Callable[[], str] = lambda: "") -> None:
        """`hindrance`: why a start would not succeed now; empty where it would. A daemon that runs with the settings before is better
        than none.
        """
        self._steady = steady
        self._hindrance = hindrance
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
            if self.has_begun or self._at is None or self._steady() < self._at:
                return self.has_begun
            self._at = self._steady() + AGAIN_AFTER
        if reason := self._hindrance():
            log.warning("cannot restart", reason=reason)
            return False
        self.has_begun = True
        return True


def begin_anew() -> None:
    """The same command in the same process, with the same environment: systemd goes on watching it. Does not return."""
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command line
