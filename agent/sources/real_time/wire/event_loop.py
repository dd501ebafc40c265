"""The one event loop of the process, in a thread of its own, that all gRPC streams share.

gRPC's asyncio face has one completion queue for the process: with a loop in each source's thread every event would wake all
of them. A source's own thread hands work to this loop and takes what arrives from its inbox, so nothing here decides or waits
for a source.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import structlog

Value = TypeVar("Value")

log = structlog.get_logger()

_lock = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []
"""At most one: it is started by the first stream, and ends with the process."""


def shared_loop() -> asyncio.AbstractEventLoop:
    """The loop, which runs."""
    with _lock:
        if not _loops:
            loop = asyncio.new_event_loop()
            loop.set_exception_handler(_note)
            threading.Thread(target=loop.run_forever, name="pubsub loop", daemon=True).start()
            _loops.append(loop)
        return _loops[0]


def submit(work: Coroutine[Any, Any, Value]) -> Future[Value]:
    """Begin it in the loop."""
    return asyncio.run_coroutine_threadsafe(work, shared_loop())


def _note(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What ended in the loop and had nobody to hear of it.

    Where another loop of the process uses gRPC as well, a read that finds nothing (BlockingIOError) is a matter of course.
    """
    error = context.get("exception")
    if not isinstance(error, BlockingIOError):
        log.debug("in the event loop of streams", reason=str(context.get("message")), error=repr(error))
