"""The thread of drills: one at a time, in the order in which they were asked for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from agent.assembly.node import Node
from agent.daemon.drills.drill_record import DrillRecord
from agent.daemon.drills.drill_run import STOPPED, DrillRun, DrillStopped, end
from agent.daemon.drills.drill_view import DrillView, SeenAlerts
from agent.daemon.drills.legal_run import legal_stages
from agent.drills import book
from agent.drills.drill import Drill
from agent.drills.mark import NO_DRILL, DrillMark
from agent.drills.planting.catalogue import SCENARIOS
from agent.drills.settings import LEGAL
from agent.errors import DiskFull, LeaklineError, StateError
from agent.name import DRILLS
from agent.notice.incidents.book import OPEN
from agent.notice.incidents.rule_verdict import VERDICT
from agent.notice.regimes.model import RegimePack
from agent.pipeline.forward import Forward
from agent.store import keys
from agent.store.keys import PROCESS

log = structlog.get_logger()

MOST_WAITING = 200
FORGOTTEN_AT_ONCE = 500


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
        self._asked: deque[tuple[AskedDrill, Drill]] = deque()
        self._changed = threading.Condition()
        self.seen = SeenAlerts()

    def ask(self, asked: AskedDrill) -> Drill:
        """It runs when those before it have ended. Raises LeaklineError where too many wait."""
        with self._changed:
            if len(self._asked) >= MOST_WAITING:
                raise LeaklineError(f"{MOST_WAITING} drills wait already", hint="see `leakline drill status`")
            drill = self._record.begin(asked.scenario, asked.by, asked.speed)
            self._asked.append((asked, drill))
            self._changed.notify()
        return drill

    def is_waiting(self, scenario: str) -> bool:
        """Whether a drill of this scenario waits for its turn."""
        with self._changed:
            return any(asked.scenario == scenario for asked, _ in self._asked)

    def run(self) -> None:
        """See the class."""
        self._end_interrupted()
        while not self._with.stop.is_set():
            with self._changed:
                if not self._asked:
                    self._changed.wait(0.5)
                next_drill = self._asked[0] if self._asked else None
            if next_drill is None:
                continue
            with suppress(DrillStopped):
                self._run(next_drill[1])
            with self._changed:
                self._asked.popleft()

    def _run(self, drill: Drill) -> None:
        """Raises DrillStopped."""
        mark = self._with.node.current_drill
        try:
            if drill.scenario.startswith(LEGAL):
                self._record.end(self._legal(drill))
                return
            mark.mark, mark.speed = DrillMark(drill.id, drill.scenario), drill.speed
            self.seen.begin()
            self._with.renew(DRILLS, self._forget)
            self._record.end(DrillRun(self._view(drill), self._record, self._with.stop).run())
        except (StateError, DiskFull, LeaklineError) as error:
            log.error("a drill could not be run", drill=drill.id, reason=str(error))
            self._interrupted(drill, f"it could not be run: {error}")
        finally:
            if not self._with.stop.is_set():
                mark.mark, mark.speed = NO_DRILL, 1.0

    def _legal(self, drill: Drill) -> Drill:
        """Raises LeaklineError for one that there is not."""
        for stage in legal_stages(drill.scenario, self._with.node.notice, self._with.pack(), self._with.now()):
            drill = self._record.stage(drill, stage)
        return drill

    def _interrupted(self, drill: Drill, reason: str) -> None:
        with suppress(StateError, DiskFull):  # the next start says so
            known = book.drill(self._with.node.shards[PROCESS].desk.recall, drill.id)
            self._record.end(known or drill, interrupted=reason)

    def _view(self, drill: Drill) -> DrillView:
        found = self._with
        scenario = SCENARIOS[drill.scenario]
        return DrillView(drill, scenario, found.node, self.seen, found.forwards, found.pack, found.ask, found.now)

    def _forget(self) -> None:
        """What detection remembers of earlier drills, and what was decided about their incidents: each drill begins with neither."""
        shard = self._with.node.shards.get(DRILLS)
        if shard is None:
            return
        state = shard.stores.state
        known = [*state.keys(keys.DETECTION.prefix), *state.keys(keys.RESPONSE.key(VERDICT))]
        for first in range(0, len(known), FORGOTTEN_AT_ONCE):
            with state.transact() as transaction:
                transaction.apply("", dict.fromkeys(known[first : first + FORGOTTEN_AT_ONCE]))

    def _end_interrupted(self) -> None:
        """Drills that a stop or a crash has cut off have failed, with that as the reason; their incidents are closed."""
        try:
            for drill in list(book.drills(self._with.node.shards[PROCESS].desk.recall)):
                if drill.ended_at is None and not self._is_asked(drill):
                    self._interrupted(drill, STOPPED)
            shard = self._with.node.shards.get(DRILLS)
            if shard is not None:
                for incident in self._open_incidents():
                    end(self._with.ask, incident, "that was cut off")
        except (StateError, ValueError) as error:
            log.error("drills that were cut off could not be ended", reason=str(error))

    def _is_asked(self, drill: Drill) -> bool:
        with self._changed:
            return any(known.id == drill.id for _, known in self._asked)

    def _open_incidents(self) -> list[str]:
        recall = self._with.node.shards[DRILLS].desk.recall
        return [key.rpartition("/")[2] for key in recall.keys(OPEN)]
