"""What a thread does again and again, for a shard that may be busy or a disk that may be full: then it is done a little later."""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog

from agent.errors import Busy, DiskFull

log = structlog.get_logger()


def repeat(turn: Callable[[], object], stop: threading.Event, every: float, what: str) -> None:
    """Until the stop event. `every`: seconds between two turns. Raises StateError other than a full disk."""
    while not stop.is_set():
        try:
            turn()
        except (Busy, DiskFull) as error:
            log.warning("put off", what=what, reason=str(error))
        stop.wait(every)
