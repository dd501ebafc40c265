"""Repairs of all shards: an org that answers slowly holds up no other's."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial

from agent.pipeline.repair import Repair
from agent.pipeline.shard_threads import ShardThreads, ShardWork

EVERY = 1.0
"""Seconds between two looks."""


class RepairLoop:
    """`run` is the work of a thread."""

    def __init__(self, repairs: Mapping[str, Repair], stop: threading.Event) -> None:
        """`repairs`: by the name of the shard. `stop`: see `ShardThreads`."""
        self._repairs = repairs
        self._threads = ShardThreads("repair", _works(repairs), stop, lambda: stop.wait(EVERY))

    def replace(self, repairs: Mapping[str, Repair]) -> None:
        """Others from now on; one in hand ends before the next of its shard begins. From any thread."""
        self._repairs = repairs
        self._threads.works = _works(repairs)

    def run(self) -> None:
        """See `ShardThreads.run`."""
        self._threads.run()

    def attempt(self) -> None:
        """Try what is due in every shard once, in this thread."""
        for repair in self._repairs.values():
            repair.attempt()


def _works(repairs: Mapping[str, Repair]) -> Mapping[str, ShardWork]:
    return {name: ShardWork(partial(_is_pending, repair), repair.attempt) for name, repair in repairs.items()}


def _is_pending(repair: Repair) -> bool:
    return repair.pending
