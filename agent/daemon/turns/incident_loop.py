"""What a thread does for the incidents of all shards in turn, each shard by itself: one that is busy or has no room keeps no other
waiting.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from agent.daemon.turns.stepped_time import SteppedTime
from agent.errors import Busy, DiskFull
from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.desk import IncidentDesk
from agent.pipeline.progress import FULL_DISK_PAUSE
from agent.store.directory.state_directory import StateDirectory

log = structlog.get_logger()

LOOK_EVERY = 1.0
"""Seconds."""

TURN_FOR = 5.0
"""Seconds that one shard has before the others have their turn, and before its end has to wait no longer."""


class ShardIncidents(Protocol):
    """What of a shard has incidents (`assembly.shard.Shard`)."""

    @property
    def incidents(self) -> IncidentBook: ...

    @property
    def desk(self) -> IncidentDesk: ...


class Turns(Protocol):
    """What is done for one shard, by one thread at a time."""

    @property
    def desk(self) -> IncidentDesk: ...

    def is_due(self, now: datetime) -> bool:
        """Whether `turn` has something to do; reads no state."""
        ...

    def turn(self, now: datetime, stops: Callable[[], bool]) -> int:
        """How many incidents were looked at; the rest is left for another turn once it `stops`. Raises StateError, DiskFull."""
        ...


@dataclass(frozen=True, slots=True)
class LoopParts:
    """What of the daemon all loops over shards work with."""

    directory: StateDirectory
    shards: Callable[[], Mapping[str, ShardIncidents]]
    """By name, as they are now."""
    entered: Callable[[str], AbstractContextManager[bool]]
    """See `Readings.entered`."""
    stop: threading.Event
    now: Callable[[], datetime]
    steady: Callable[[], float] = time.monotonic
    """Seconds of a clock that nobody sets."""
    soon: Callable[[], None] = lambda: None
    """Called after something was stored: a checkpoint of the trail is to follow."""


class IncidentLoop(ABC):
    """`run` is what the thread does, until the stop event."""

    def __init__(self, parts: LoopParts) -> None:
        self._parts = parts
        self._steady = parts.steady
        self.time = SteppedTime(parts.now, parts.steady)
        self._known: dict[str, Turns] = {}
        self._rests: dict[str, float] = {}
        """Until when a shard is left alone whose state could not be written, by the steady clock."""

    @abstractmethod
    def made(self, shard: ShardIncidents) -> Turns:
        """For a shard that is new, or was built anew."""

    def run(self) -> None:
        """Raises StateError other than a full disk."""
        while not self._parts.stop.is_set():
            self.turn()
            self._parts.stop.wait(LOOK_EVERY)

    def turn(self) -> int:
        """Look at what is due in all shards; how many incidents that were."""
        now, count = self.time.look(), 0
        for name, shard in self._parts.shards().items():
            if self._parts.stop.is_set():
                break
            if self._steady() < self._rests.get(name, 0.0):
                continue
            if self._of(name, shard).is_due(now):
                count += self._turn_of(name, now)
        if count:
            self._parts.soon()
        return count

    def _turn_of(self, name: str, now: datetime) -> int:
        """Of one shard, which is not replaced meanwhile. It rests after a turn that could not be stored."""
        began, count = self._steady(), 0
        self._rests[name] = began + FULL_DISK_PAUSE
        with self._parts.entered(name) as may_work:
            try:
                if may_work:
                    count = self._of(name, self._parts.shards()[name]).turn(now, lambda: self._must_leave(began))
                del self._rests[name]
            except Busy as error:
                log.warning("incidents wait for the state", shard=name, reason=str(error))
            except DiskFull as error:
                log.warning("there is no room on the disk for incidents", shard=name, reason=str(error))
                self._parts.directory.give_up_ballast()
        return count

    def _must_leave(self, began: float) -> bool:
        """Whether a shard is to go on at another turn."""
        return self._parts.stop.is_set() or self._steady() - began > TURN_FOR

    def _of(self, name: str, shard: ShardIncidents) -> Turns:
        """Anew where the shard was built anew."""
        known = self._known.get(name)
        if known is None or known.desk is not shard.desk:
            known = self._known[name] = self.made(shard)
        return known
