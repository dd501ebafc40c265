"""What systemd is told of the daemon, if it was started by it: when it is ready, reloads or ends, and that it lives (sd_notify(3))."""

from __future__ import annotations

import os
import time

import sdnotify

FED_WITHIN = 4
"""The watchdog is fed so many times within its time."""


class ServiceManager:
    """Of one daemon."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self._fed = 0.0

    def ready(self, status: str = "") -> None:
        self._notifier.notify(f"READY=1\nSTATUS={status}" if status else "READY=1")

    def reloading(self) -> None:
        """Until `ready`; also before the program begins anew in the same process."""
        self._notifier.notify(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        self._notifier.notify("STOPPING=1")

    def is_hungry(self) -> bool:
        """Whether it is time to feed the watchdog."""
        return time.monotonic() - self._fed > _watchdog_seconds() / FED_WITHIN

    def feed(self) -> None:
        self._notifier.notify("WATCHDOG=1")
        self._fed = time.monotonic()


def _watchdog_seconds() -> float:
    return int(os.environ.get("WATCHDOG_USEC", "30000000")) / 1e6
