"""One thread sees to it that people are told of incidents and deadlines. What it decides is stored; other threads send it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from agent.daemon.turns.incident_turns import IncidentTurns, ShardIncidents
from agent.daemon.turns.stepped_time import SteppedTime
from agent.notice.escalation.keeper import Surroundings
from agent.notice.escalation.shard_escalations import ShardEscalations
from agent.notice.on_call.roster import Roster
from agent.notice.settings import NoticeSettings
from agent.store.directory.state_directory import StateDirectory

LOOK_EVERY = 1.0
"""Seconds."""


class EscalationLoop:
    """`run` is what the thread does, until the stop event."""

    def __init__(
        self,
        directory: StateDirectory,
        shards: Callable[[], Mapping[str, ShardIncidents]],
        entered: Callable[[str], AbstractContextManager[bool]],
        stop: threading.Event,
        now: Callable[[], datetime],
        settings: NoticeSettings,
        roster: Roster,
        *,
        maintenance: Callable[[datetime], datetime | None] = lambda _: None,
        steady: Callable[[], float] = time.monotonic,
        soon: Callable[[], None] = lambda: None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`shards`, `entered`: see `IncidentTurns`; `soon`: a checkpoint of the trail is to follow; `told`: there may be messages to
        send.
        """
        self._time = SteppedTime(now, steady)
        self._surroundings = Surroundings(settings, roster, self._time.lateness, maintenance)
        self._turns = IncidentTurns(directory, shards, entered, stop, self._of, steady)
        self._stop = stop
        self._soon = soon
        self._told = told

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
            self._told()
        return count

    def _of(self, shard: ShardIncidents) -> ShardEscalations:
        return ShardEscalations(shard.desk, shard.incidents, self._surroundings)
