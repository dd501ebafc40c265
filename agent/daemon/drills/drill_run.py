"""One drill from its begin to its end: planted where sources hand in what they read, then watched stage by stage."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from time import monotonic

import structlog

from agent.daemon.drills.drill_record import DrillRecord
from agent.daemon.drills.drill_traces import end
from agent.daemon.drills.drill_view import DrillView
from agent.daemon.drills.finding import StageCheck, StageFinding, failed, passed
from agent.daemon.drills.stage_checks import CHECKS
from agent.drills.drill import Drill, DrillStage
from agent.drills.planting.rows import planted
from agent.drills.planting.scenario import PlantedBatch
from agent.errors import LeaklineError
from agent.model import Batch
from agent.name import DRILLS
from agent.sources.source_name import source_name
from agent.wording.number import counted

log = structlog.get_logger()

ORGANISATION = "00D00000000DRILLAA"
"""Stands for the org in rows of drills. Salesforce gives no id like it."""
LOOK_EVERY = 0.25
"""Seconds."""
STOPPED = "Leakline was stopped while it ran"
CLOCK_SLACK = timedelta(seconds=5)
"""By which the machine's clock may differ from the time that passes; a time service moves it more slowly."""


class DrillStopped(Exception):
    """The daemon ends."""


class DrillRun:
    """Of one drill; its thread may wait."""

    def __init__(
        self,
        view: DrillView,
        record: DrillRecord,
        stop: threading.Event,
        steady: Callable[[], float] = monotonic,
        checks: Iterable[StageCheck] = CHECKS,
    ) -> None:
        self._view = view
        self._record = record
        self._stop = stop
        self._steady = steady
        self._checks = checks
        self._began = view.now(), steady()

    def run(self) -> Drill:
        """Plants and judges; the drill as it is at its end. Raises DrillStopped."""
        drill = self._judged(self._view.drill, "planted", self._planted())
        for check in self._checks:
            drill = self._judged(drill, check.name, self._verdict(check))
        return replace(drill, incidents=self._ended())

    def _judged(self, drill: Drill, name: str, finding: StageFinding) -> Drill:
        verdict, sentence = finding.verdict or "failed", finding.sentence
        if verdict == "failed" and (moved := self._clock_moved()):
            sentence = f"{moved}: {sentence}"
        return self._record.stage(drill, DrillStage(name, verdict, sentence, self._view.now()))

    def _clock_moved(self) -> str:
        """Where it was set, or the machine slept, tiers and alerts seem to be late or missing; empty where it was not."""
        at, steady = self._began
        moved = self._view.now() - at - timedelta(seconds=self._steady() - steady)
        if abs(moved) <= CLOCK_SLACK:
            return ""
        return f"this machine's clock was set by {moved.total_seconds():+,.0f} s meanwhile, so run it again"

    def _planted(self) -> StageFinding:
        view, rows, taken = self._view, 0, 0
        batches = planted(view.scenario, view.drill.id, view.now())
        try:
            for batch in batches:
                rows += batch.frame.height
                taken += view.shard.ingest.push(source_name(DRILLS, batch.service), _batch(batch))
        except LeaklineError as error:
            return failed(f"the rows were not taken: {error}")
        if taken != rows:
            return failed(f"{taken:,} of {rows:,} rows were taken")
        return passed(
            f"{counted(rows, 'row')} of {counted(len({batch.event_type for batch in batches}), 'event type')} taken"
        )

    def _verdict(self, check: StageCheck) -> StageFinding:
        """Looks until there is one, or until it is too late for it."""
        since = self._steady()
        while True:
            try:
                finding = check.look(self._view)
                # How long it may take is known once what is waited for has begun: tiers, when there is an escalation.
                until = since + check.patience(self._view).total_seconds()
            except Exception as error:  # noqa: BLE001 - whatever it is, the stage has failed, and the next one is judged
                log.error("a stage of a drill failed", stage=check.name, traceback=traceback.format_exc())
                return failed(f"it could not be judged ({type(error).__name__}: {error})")
            if finding.verdict is not None or self._steady() > until:
                return finding
            if self._stop.wait(LOOK_EVERY):
                raise DrillStopped

    def _ended(self) -> tuple[str, ...]:
        """The drill's incidents are acknowledged and closed, with the drill as the reason. Their ids."""
        incidents = self._view.incidents()
        for incident in incidents:
            end(self._view.ask, incident.id, self._view.drill.id)
        return tuple(incident.id for incident in incidents)


def _batch(planted_batch: PlantedBatch) -> Batch:
    return Batch(ORGANISATION, planted_batch.service, planted_batch.event_type, planted_batch.frame, input="drill")
