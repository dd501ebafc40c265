"""Who goes first where batches of an org wait for each other: what live collection brings, before what a backfill does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from agent.model import Batch

PATIENCE = 5.0
"""Seconds that a backfill's batch gives way at most: a stream that never pauses would hold it for ever otherwise."""


class LiveFirst:
    """Of one shard. Safe for threads."""

    def __init__(self) -> None:
        self._waiting = 0
        """Batches of live collection that wait."""
        self._none_waits = threading.Condition()

    @contextmanager
    def turn_of(self, batch: Batch) -> Iterator[None]:
        """Around the waiting of a batch. One that a backfill read begins to wait once no other does."""
        if batch.history is not None:
            with self._none_waits:
                self._none_waits.wait_for(lambda: not self._waiting, PATIENCE)
            yield
            return
        with self._none_waits:
            self._waiting += 1
        try:
            yield
        finally:
            with self._none_waits:
                self._waiting -= 1
                self._none_waits.notify_all()
