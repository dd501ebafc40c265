"""The thread of drills: one at a time, in the order in which they were asked for."""

from __future__ import annotations

import threading
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

import structlog

from agent.assembly.node import Node
from agent.daemon.drills.drill_record import DrillRecord
from agent.daemon.drills.drill_run import LOOK_EVERY, STOPPED, DrillRun, DrillStopped
from agent.daemon.drills.drill_traces import DrillTraces
from agent.daemon.drills.drill_view import DrillView, SeenAlerts, known_keys, refused
from agent.daemon.drills.legal_run import legal_stages
from agent.drills import book
from agent.drills.drill import Drill
from agent.drills.mark import DrillMark
from agent.drills.planting.catalogue import SCENARIOS
from agent.drills.settings import LEGAL
from agent.errors import Busy, DiskFull, LeaklineError, StateError
from agent.name import DRILLS
from agent.notice.regimes.model import RegimePack
from agent.pipeline.forward import Forward
from agent.store import keys
from agent.store.keys import PROCESS

log = structlog.get_logger()

MOST_WAITING = 200
TOLD_WITHIN = 10.0
"""Seconds until the events of the drill before are taken, which have its mark."""


@dataclass(frozen=True, slots=True)
class AskedDrill:
    scenario: str
    by: str
    speed: float = 1.0


@dataclass(frozen=True)
class DrillSurroundings:
    """What of the daemon drills work with."""

    node: Node
    renew: Callable[[str, Callable[[], None]], None]
    """See `RunningOrgs.renew`."""
    forwards: Callable[[], Sequence[Forward]]
    pack: Callable[[], RegimePack]
    ask: Callable[..., Any]
    """See `DrillView`."""
    now: Callable[[], datetime]
    stop: threading.Event


class DrillRunner:
    """`run` is what the thread does, until the stop event; all else is for any thread."""

    def __init__(self, surroundings: DrillSurroundings, record: DrillRecord) -> None:
        self._with = surroundings
        self._record = record
        self._traces = DrillTraces(surroundings.node, surroundings.ask)
        self._waiting: deque[Drill] = deque()
        """The first of them may run."""
        self._changed = threading.Condition()
        self.seen = SeenAlerts()

    def ask(self, asked: AskedDrill) -> Drill:
        """It runs when those before it have ended. Raises LeaklineError where too many wait."""
        with self._changed:
            if len(self._waiting) >= MOST_WAITING:
                raise LeaklineError(f"{MOST_WAITING} drills wait already", hint="see `leakline drill status`")
            drill = self._record.ask(asked.scenario, asked.by, asked.speed)
            self._waiting.append(drill)
            self._changed.notify()
        return drill

    def is_waiting(self, scenario: str) -> bool:
        """Whether a drill of this scenario waits for its turn, or runs."""
        with self._changed:
            return any(drill.scenario == scenario for drill in self._waiting)

    def run(self) -> None:
        """See the class."""
        self._take_up()
        while not self._with.stop.is_set():
            with self._changed:
                if not self._waiting:
                    self._changed.wait(0.5)
                drill = self._waiting[0] if self._waiting else None
            if drill is None:
                self._tidy()
                continue
            try:
                self._run(drill)
            except DrillStopped:  # the next start says so
                return
            with self._changed:
                self._waiting.popleft()

    def _tidy(self) -> None:
        with suppress(StateError, DiskFull, Busy):  # half a second later again
            self._traces.end_late()

    def _run(self, drill: Drill) -> None:
        """Raises DrillStopped."""
        try:
            drill = self._record.begin(drill)
            self._record.end(self._legal(drill) if drill.scenario.startswith(LEGAL) else self._played(drill))
        except DrillStopped:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, a drill that fails must not end what protects
            log.error("a drill could not be run", drill=drill.id, traceback=traceback.format_exc())
            self._traces.end(drill)
            self._interrupted(drill, f"it could not be run ({type(error).__name__}: {error})")

    def _played(self, drill: Drill) -> Drill:
        """Raises LeaklineError, DrillStopped."""
        if drill.scenario not in SCENARIOS:
            raise LeaklineError(f"there is no scenario {drill.scenario}")
        self._mark(drill)
        self._with.renew(DRILLS, self._traces.forget)
        self.seen.begin()  # an alert that comes late in the shard before is of an earlier drill
        return DrillRun(self._view(drill), self._record, self._with.stop).run()

    def _mark(self, drill: Drill) -> None:
        """It stays until the next one begins: what is said of the incidents afterwards, is of this drill too."""
        shard = self._with.node.shards.get(DRILLS)
        until = monotonic() + TOLD_WITHIN
        while shard is not None and any(shard.stores.state.keys(keys.OUTBOX.prefix)) and monotonic() < until:
            if self._with.stop.wait(LOOK_EVERY):
                raise DrillStopped
        current = self._with.node.current_drill
        current.mark, current.speed = DrillMark(drill.id, drill.scenario), drill.speed

    def _legal(self, drill: Drill) -> Drill:
        """Raises LeaklineError for one that there is not."""
        for stage in legal_stages(drill.scenario, self._with.node.notice, self._with.pack(), self._with.now()):
            drill = self._record.stage(drill, stage)
        return drill

    def _interrupted(self, drill: Drill, reason: str) -> None:
        with suppress(StateError, DiskFull):  # the next start says so
            try:
                known = book.drill(self._with.node.shards[PROCESS].desk.recall, drill.id)
            except ValueError:  # it is written anew
                known = None
            self._record.end(known or drill, interrupted=reason)

    def _view(self, drill: Drill) -> DrillView:
        found = self._with
        scenario = SCENARIOS[drill.scenario]
        return DrillView(
            drill,
            scenario,
            found.node,
            self.seen,
            found.forwards,
            found.pack,
            found.ask,
            found.now,
            known=known_keys(found.node.shards[DRILLS]),
            refused_before={forward.name: refused(forward) for forward in found.forwards()},
        )

    def _take_up(self) -> None:
        """What a stop or a crash has left: drills that ran have failed, with that as the reason, and their incidents are closed;
        those that waited wait on.
        """
        try:
            known = book.unfinished(self._with.node.shards[PROCESS].desk.recall)
        except StateError as error:
            log.error("drills that were cut off could not be ended", reason=str(error))
            return
        for drill in known:
            if drill.begun_at is not None:
                self._traces.end(drill)
                self._interrupted(drill, STOPPED)
        with self._changed:
            asked_meanwhile = {drill.id for drill in self._waiting}
            left = [drill for drill in known if drill.begun_at is None and drill.id not in asked_meanwhile]
            self._waiting.extendleft(reversed(left))
