"""One thread keeps the clocks of all incidents: what alerts and people changed is reckoned, and what time brings is said.

It looks about once a second at what is in memory, and at the state of a shard only where something was stored or is due.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

import structlog

from agent.daemon.turns.incident_loop import IncidentLoop, ShardIncidents
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.clocks.timers import ShardClocks
from agent.notice.regimes.choice import PackChoice
from agent.notice.regimes.in_force import PackInForce
from agent.notice.regimes.model import RegimePack
from agent.notice.regimes.pack import PackRefused, shipped
from agent.notice.settings import NoticeSettings

log = structlog.get_logger()


class ClockLoop(IncidentLoop):
    """See the page."""

    basis: CurrentBasis | None = None
    """By what incidents are judged from the next look on; None where the settings have no `notice`."""

    def made(self, shard: ShardIncidents) -> ShardClocks:
        """See `IncidentLoop`."""
        return ShardClocks(shard.desk, shard.incidents, self.time.lateness, lambda: self.basis)


class NoticeBasis:
    """Sets the basis of the loop, at the start and at each reload. Safe for threads."""

    def __init__(
        self,
        loop: ClockLoop,
        packs: PackInForce,
        settings: NoticeSettings | None,
        noted: Callable[[PackChoice], None] = lambda _: None,
    ) -> None:
        """`noted`: called with what is in force and what waits, after each reading."""
        self._noted = noted
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
                choice = self._packs.load(self._settings, now)
            except PackRefused as error:
                log.error("no pack of regimes can be used", reason=str(error))
                return
            self._pack = choice.signed.pack
            if self._settings is not None:
                self._loop.basis = CurrentBasis.of(self._settings, choice.signed)
            self._noted(choice)
