"""Threads of look-ups that run when a test says so, and waiting that ends at once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition

from agent.sources.salesforce.look_up_queue import LookUp, LookUpQueue


def patient(look_up: LookUp) -> LookUpQueue:
    """For orgs that answer, on a machine with much else to do."""
    return LookUpQueue(look_up, patience=60)


class HeldThreads:
    """`Start`: what is started waits for the test."""

    def __init__(self) -> None:
        self.works: list[Callable[[], None]] = []

    def start(self, work: Callable[[], None]) -> None:
        self.works.append(work)

    def run(self) -> None:
        """All that was started, to its end."""
        while self.works:
            self.works.pop(0)()


class NoPatience:
    """`Wait`: the time is over at once, whatever came meanwhile counts, and how often somebody waited is kept."""

    def __init__(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.waits = 0
        self.meanwhile = meanwhile

    def __call__(self, changed: Condition, is_over: Callable[[], bool], seconds: float) -> bool:
        self.waits += 1
        changed.release()
        try:
            self.meanwhile()
        finally:
            changed.acquire()
        return is_over()
