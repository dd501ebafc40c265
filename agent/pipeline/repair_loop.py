"""Repairs of all shards, each in a thread of its own while it has any: an org that answers slowly holds up no other's."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from agent.pipeline.repair import Repair

EVERY = 1.0
"""Seconds between two looks."""


class RepairLoop:
    """`run` is the work of a thread."""

    def __init__(self, repairs: Mapping[str, Repair], stop: threading.Event) -> None:
        """`repairs`: by the name of the shard. `stop`: the process's; set here when an attempt raises, for whoever still
        waits for an org then must not hold up the end.
        """
        self._repairs = repairs
        self._stop = stop
        self._threads: dict[str, threading.Thread] = {}
        self._error: BaseException | None = None

    def run(self) -> None:
        """Until the stop event. Raises what an attempt raises, which expects everything that an org can do."""
        while not self._stop.wait(EVERY):
            for name, repair in self._repairs.items():
                running = self._threads.get(name)
                if repair.pending and (running is None or not running.is_alive()):
                    thread = threading.Thread(target=self._attempt, args=(repair,), name=f"repair {name}".rstrip())
                    self._threads[name] = thread
                    thread.start()
        for thread in self._threads.values():
            thread.join()
        if self._error is not None:
            raise self._error

    def attempt(self) -> None:
        """Try what is due in every shard once, in this thread."""
        for repair in self._repairs.values():
            repair.attempt()

    def _attempt(self, repair: Repair) -> None:
        try:
            repair.attempt()
        except BaseException as error:  # noqa: BLE001 - raised again by the loop, which ends the process
            self._error = error
            self._stop.set()
