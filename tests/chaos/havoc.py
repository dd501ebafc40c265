"""What goes wrong: the agent is killed, receivers are down in turn, the machine is busy. All by chance, from one seed."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.receiving.mode import DOWN
from tests.chaos.receiving.receivers import CHANNELS, Receivers
from tests.chaos.supervisor import Supervisor

Span = tuple[float, float]
"""Seconds, from and to: any time between is as likely."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long between, and how long, things go wrong."""

    kills: Span
    down: Span
    between_downs: Span
    busy: Span
    between_busy: Span
    incidents: Span


HOURS = Pace(
    kills=(60, 300), down=(45, 180), between_downs=(10, 60), busy=(20, 60), between_busy=(240, 600), incidents=(20, 70)
)
MINUTES = Pace(
    kills=(20, 45), down=(8, 25), between_downs=(2, 6), busy=(8, 15), between_busy=(40, 60), incidents=(10, 20)
)


class Havoc:
    """From the start until it is closed."""

    def __init__(self, supervisor: Supervisor, receivers: Receivers, pace: Pace, seed: int) -> None:
        self._supervisor = supervisor
        self._receivers = receivers
        self._pace = pace
        self._stop = threading.Event()
        self.kills: list[float] = []
        """When, in seconds since 1970."""
        self.downs: Counter[str] = Counter()
        """How often each receiver was down in each way, `channel mode`."""
        self.down_seconds = 0.0
        self.busy_spells = 0
        parts: dict[str, Callable[[random.Random], None]] = {
            "kills": self._kill,
            "downs": self._take_down,
            "busy": self._keep_busy,
        }
        # Each has chances of its own, so that what one waits for changes nothing for the others.
        self._threads = [
            threading.Thread(target=part, args=(random.Random(f"{seed} {name}"),), name=name)
            for name, part in parts.items()
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """All receivers are up after it."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _kill(self, chance: random.Random) -> None:
        while not self._stop.wait(chance.uniform(*self._pace.kills)):
            if self._supervisor.kill():
                self.kills.append(time.time())

    def _take_down(self, chance: random.Random) -> None:
        """One receiver at a time, the one after the other, each way about as often."""
        ways = [(channel, mode) for mode in DOWN for channel in CHANNELS]
        while not self._stop.is_set():
            chance.shuffle(ways)
            for channel, mode in ways:
                if self._stop.wait(chance.uniform(*self._pace.between_downs)):
                    return
                span = chance.uniform(*self._pace.down)
                self._receivers.set(channel, mode)
                self.downs[f"{channel} {mode}"] += 1
                began = time.monotonic()
                self._stop.wait(span)
                self.down_seconds += time.monotonic() - began
                self._receivers.set(channel, "up")

    def _keep_busy(self, chance: random.Random) -> None:
        """As many processes as there are cores, each with a core's work."""
        while not self._stop.wait(chance.uniform(*self._pace.between_busy)):
            self.busy_spells += 1
            span = chance.uniform(*self._pace.busy)
            context = multiprocessing.get_context("spawn")
            working = [
                context.Process(target=_work, args=(span,), daemon=True) for _ in range(multiprocessing.cpu_count())
            ]
            for process in working:
                process.start()
            for process in working:
                process.join()


def _work(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        sum(range(10_000))
