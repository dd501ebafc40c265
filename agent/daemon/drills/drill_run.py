"""One drill from its begin to its end: planted where sources hand in what they read, then watched stage by stage."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from time import monotonic

import structlog

from agent.daemon.drills.drill_record import DrillRecord
from agent.daemon.drills.drill_view import DrillView
from agent.daemon.drills.finding import StageCheck, StageFinding, failed, passed
from agent.daemon.drills.stage_checks import CHECKS
from agent.drills.drill import Drill, DrillStage
from agent.drills.planting.rows import planted
from agent.drills.planting.scenario import PlantedBatch
from agent.errors import LeaklineError
from agent.model import Batch
from agent.name import DRILLS, OWN
from agent.sources.source_name import source_name
from agent.wording.number import counted

log = structlog.get_logger()

ORGANISATION = "00D00000000DRILLAA"
"""Stands for the org in rows of drills. Salesforce gives no id like it."""
LOOK_EVERY = 0.25
"""Seconds."""
STOPPED = "Leakline was stopped while it ran"


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

    def run(self) -> Drill:
        """Plants and judges; the drill as it is at its end. Raises DrillStopped."""
        drill = self._judged(self._view.drill, "planted", self._planted())
        for check in self._checks:
            drill = self._judged(drill, check.name, self._verdict(check))
        return replace(drill, incidents=self._ended())

    def _judged(self, drill: Drill, name: str, finding: StageFinding) -> Drill:
        verdict = finding.verdict or "failed"
        return self._record.stage(drill, DrillStage(name, verdict, finding.sentence, self._view.now()))

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


def end(ask: Callable[..., object], number: str, drill: str) -> None:
    """Acknowledge and close an incident of a drill."""
    with suppress(LeaklineError):  # its state needs none
        ask("incidents_acknowledge", number=number, by=OWN)
    try:
        ask("incidents_decide", number=number, decision="not-a-breach", by=OWN, reason=f"it was the drill {drill}")
    except LeaklineError as error:
        log.warning("an incident of a drill could not be closed", incident=number, reason=str(error))


def _batch(planted_batch: PlantedBatch) -> Batch:
    return Batch(ORGANISATION, planted_batch.service, planted_batch.event_type, planted_batch.frame, input="drill")
