"""The thread that lets go of batches which every destination has settled."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agent.assembly.node import Node
from agent.daemon.full_disk import despite_a_full_disk
from agent.store.keys import PROCESS

EVERY = 5.0
"""Seconds."""


class TrimLoop:
    """Of one daemon."""

    def __init__(self, node: Node, trim: Callable[[], None], stop: threading.Event) -> None:
        self._node = node
        self._trim = trim
        self._stop = stop

    def run(self) -> None:
        """Until the stop event."""
        progress = self._node.shards[PROCESS].ingest.progress
        while not self._stop.wait(EVERY):
            with progress.of("trim"), despite_a_full_disk(self._node.directory):
                self._trim()
