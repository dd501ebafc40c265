"""How commands read the trail: of the running daemon over its socket, or of the state alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from agent.config.settings import Settings
from agent.daemon.control.command import ControlCommand
from agent.daemon.control.requests_made import Ask, requests_made
from agent.daemon.trail.trail_requests import ABOUT, CHECKPOINT, ERASE, LINES, TrailRequests
from agent.store.queue.status import Shards


class StoredTrail:
    """The trail as whoever asks sees it."""

    def __init__(self, request: Ask) -> None:
        self._request = request
        self.about: dict[str, Any] = request(ABOUT)

    def lines(self, chain: str) -> Iterator[bytes]:
        """Every record of a chain. What is added meanwhile comes too."""
        first = 0
        while page := self._request(LINES, chain=chain, first=first):
            first += len(page)
            yield from (line.encode("utf-8", "surrogateescape") for line in page)

    def take_checkpoint(self) -> None:
        """Ask for one now; `about` is as it is then."""
        self.about = self._request(CHECKPOINT)

    def erase(self, subject: str, by: str, reason: str) -> dict[str, int]:
        """Erase what is personal beside the records of an object; of how many, by chain."""
        erased: dict[str, int] = self._request(ERASE, subject=subject, by=by, reason=reason)
        return erased


@contextmanager
def stored_trail(settings: Settings, now: Callable[[], datetime]) -> Iterator[StoredTrail]:
    """Open while inside. Raises LeaklineError, StateError."""

    def alone(shards: Shards, _in_force: Settings) -> Sequence[ControlCommand]:
        return TrailRequests(lambda: {name: stores.state for name, stores in shards.items()}, now).commands()

    with requests_made(settings, now, alone) as request:
        yield StoredTrail(request)
