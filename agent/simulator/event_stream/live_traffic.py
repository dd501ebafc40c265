"""Publishes events the moment they happen, while an org is on the network."""

from __future__ import annotations

import threading
from collections.abc import Callable

from agent.simulator.event_stream.publisher import Publisher

LONGEST_WAIT = 0.2
"""Seconds until a clock that was moved, or a new reader, is noticed."""
_STILL = 3
"""Looks in a row that find the same time before it counts as standing still: the clock ticks in milliseconds, as looks do."""
_AHEAD = 5.0
"""Seconds between looks at whether the next hour is made."""


class LiveTraffic:
    """Two threads that end with `close`.

    `until`: up to when things have happened, milliseconds since 1970; `speed`: how fast that moves, if it does.
    """

    def __init__(self, publisher: Publisher, until: Callable[[], int], speed: float) -> None:
        self._publisher = publisher
        self._until = until
        self._speed = speed
        self._moves = True
        """Whether time went on since the last look: in an org of history alone it stands still until something is planted."""
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=run, name=f"simulated-org-{name}", daemon=True)
            for name, run in (("live", self._run), ("ahead", self._look_ahead))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        last, same = None, 0
        while not self._stop.is_set():
            until = self._until()
            same, last = same + 1 if until == last else 0, until
            self._moves = same < _STILL
            self._publisher.publish()
            following = self._publisher.next_time() if self._moves else None
            self._stop.wait(pause(until, following, self._speed))

    def _look_ahead(self) -> None:
        while not self._stop.wait(_AHEAD / max(1.0, self._speed)):
            if self._moves:
                self._publisher.prepare()


def pause(until: int, following: int | None, speed: float) -> float:
    """Seconds until `following`, the next event, happens; None: none is known, or time stands still before it."""
    if following is None:
        return LONGEST_WAIT
    return min(LONGEST_WAIT, max((following - until) / 1000 / speed, 0.001))
