"""What the daemon does at SIGTERM, SIGINT and SIGHUP."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import structlog

from agent.exit_status import FAILED, FINE

log = structlog.get_logger()


def while_starting() -> None:
    """Until the daemon takes its signals: SIGTERM ends the process with 0, SIGHUP has nothing to reload yet."""

    def end(_: int, __: FrameType | None) -> None:
        raise SystemExit(FINE)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@contextmanager
def signals(stop: threading.Event, reload_asked: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set `stop`, and end the process at once when they come again; SIGHUP sets `reload_asked`.

    To be used in the main thread; what was there before is there again afterwards.
    """

    def end(number: int, _: FrameType | None) -> None:
        if stop.is_set():
            os._exit(FAILED)  # asked twice: at once
        log.info("stopping", signal=signal.Signals(number).name)
        stop.set()

    def reload(_: int, __: FrameType | None) -> None:
        reload_asked.set()

    before = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, end),
        signal.SIGINT: signal.signal(signal.SIGINT, end),
        signal.SIGHUP: signal.signal(signal.SIGHUP, reload),
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            with suppress(ValueError):
                signal.signal(number, handler)
