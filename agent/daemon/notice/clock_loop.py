"""One thread keeps the clocks of all incidents: what alerts and people changed is reckoned, and what time brings is said.

It looks about once a second at what is in memory, and at the state of a shard only where something was stored or is due.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

import structlog

from agent.daemon.turns.incident_turns import IncidentTurns, ShardIncidents
from agent.daemon.turns.stepped_time import SteppedTime
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.clocks.timers import ShardClocks
from agent.notice.regimes.in_force import PackInForce
from agent.notice.regimes.model import RegimePack
from agent.notice.regimes.pack import PackRefused, shipped
from agent.notice.settings import NoticeSettings
from agent.store.directory.state_directory import StateDirectory

log = structlog.get_logger()

LOOK_EVERY = 1.0
"""Seconds."""


class ClockLoop:
    """`run` is what the thread does, until the stop event."""

    def __init__(
        self,
        directory: StateDirectory,
        shards: Callable[[], Mapping[str, ShardIncidents]],
        entered: Callable[[str], AbstractContextManager[bool]],
        stop: threading.Event,
        now: Callable[[], datetime],
        steady: Callable[[], float] = time.monotonic,
        soon: Callable[[], None] = lambda: None,
    ) -> None:
        """`shards`: by name, as they are now; `entered`: see `Readings.entered`; `steady`: seconds of a clock that nobody sets;
        `soon`: called after something was stored: a checkpoint of the trail is to follow.
        """
        self._soon = soon
        self._turns = IncidentTurns(directory, shards, entered, stop, self._of, steady)
        self._stop = stop
        self._time = SteppedTime(now, steady)
        self.basis: CurrentBasis | None = None
        """By what incidents are judged from the next look on; None where the settings have no `notice`."""

    def run(self) -> None:
        """Raises StateError other than a full disk."""
        while not self._stop.is_set():
            self.turn()
            self._stop.wait(LOOK_EVERY)

    def turn(self) -> int:
        """Look at what is due in all shards; how many incidents that were."""
        count = self._turns.turn(self._time.look())
        if count:
            self._soon()
        return count

    def _of(self, shard: ShardIncidents) -> ShardClocks:
        return ShardClocks(shard.desk, shard.incidents, self._time.lateness, lambda: self.basis)


class NoticeBasis:
    """Sets the basis of the loop, at the start and at each reload. Safe for threads."""

    def __init__(self, loop: ClockLoop, packs: PackInForce, settings: NoticeSettings | None) -> None:
        self._loop = loop
        self._settings = settings
        self._packs = packs
        self._lock = threading.Lock()
        self._pack: RegimePack | None = None

    @property
    def pack(self) -> RegimePack:
        """The one in force. Raises PackRefused where none is, because the one of this package was changed."""
        return self._pack or shipped().pack

    def load(self, now: datetime) -> None:
        """Take the pack of regimes that is in force. Where none is accepted, what is in force stays, or at the start nothing is."""
        with self._lock:
            try:
                signed = self._packs.load(self._settings, now)
            except PackRefused as error:
                log.error("no pack of regimes can be used", reason=str(error))
                return
            self._pack = signed.pack
            if self._settings is not None:
                self._loop.basis = CurrentBasis.of(self._settings, signed)
