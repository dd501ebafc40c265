"""A drill's begin, stages and end: stored, recorded in the trail and announced in one transaction each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from agent import metrics
from agent.drills import book
from agent.drills.drill import Drill, DrillStage, sentence
from agent.drills.mark import DATASET
from agent.notice.incidents.desk import IncidentChange, IncidentDesk
from agent.own_event import EventValue

FAILED = "drill-failed"


class DrillRecord:
    """Of one daemon. `desk`: of the process's own shard."""

    def __init__(self, desk: Callable[[], IncidentDesk]) -> None:
        self._desk = desk

    def ask(self, scenario: str, by: str, speed: float) -> Drill:
        """A new drill, with its number: it is kept from now on, and waits for its turn."""
        with self._desk().changing() as change:
            number, counted = book.next_id(change.recall, change.now)
            drill = Drill(number, scenario, by, speed, change.now)
            change.apply({**counted, **book.stored(drill)})
        return drill

    def begin(self, drill: Drill) -> Drill:
        """Its turn has come."""
        with self._desk().changing() as change:
            drill = replace(drill, begun_at=change.now)
            change.apply(book.stored(drill))
            faster = f", {drill.speed:g} times faster" if drill.speed != 1 else ""
            said = f"{drill.id} begins: {drill.scenario}, for {drill.by}{faster}"
            _tell(change, drill, "drill-started", said, {"by": drill.by, "speed": drill.speed})
        return drill

    def stage(self, drill: Drill, stage: DrillStage) -> Drill:
        """A stage was judged; the event about the whole drill tells of it."""
        drill = replace(drill, stages=(*drill.stages, stage))
        with self._desk().changing() as change:
            change.apply(book.stored(drill))
        return drill

    def end(self, drill: Drill, *, interrupted: str = "") -> Drill:
        """It is judged as a whole: one that failed is a problem until its scenario passes."""
        with self._desk().changing() as change:
            drill = replace(drill, ended_at=change.now, interrupted=interrupted)
            change.apply(book.stored(drill))
            said = sentence(drill)
            data = {"stages": {stage.name: stage.verdict for stage in drill.stages}, "incidents": list(drill.incidents)}
            _tell(change, drill, f"drill-{drill.verdict}", said, data)
            if drill.verdict == "passed":
                change.problems.over(FAILED, drill.scenario, said)
            else:
                change.problems.report(FAILED, drill.scenario, said, fields=_fields(drill))
        metrics.DRILLS_ENDED.labels(drill.verdict).inc()
        return drill


def _tell(change: IncidentChange, drill: Drill, action: str, said: str, data: Mapping[str, Any]) -> None:
    about = {"scenario": drill.scenario, **data}
    fields: dict[str, EventValue] = {"event.dataset": DATASET, **_fields(drill)}
    change.announce(action, said, about=drill.id, data=about, fields=fields)


def _fields(drill: Drill) -> dict[str, str]:
    fields = {"leakline.drill_result.id": drill.id, "leakline.drill_result.scenario": drill.scenario}
    if drill.ended_at is not None:
        fields["leakline.drill_result.verdict"] = drill.verdict
        if drill.failures:
            fields["leakline.drill_result.failed_stages"] = ", ".join(drill.failures)
    return fields
