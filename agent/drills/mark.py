"""What marks everything of a drill, from the rows that are planted to the messages: two fields, in every event and alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from agent.batch_steps import BatchSteps, DetectionResult, Matches, ResponseRecord, ResponseResult
from agent.model import Batch

DATASET = "leakline.drill"
"""The data set of events about drills themselves; the trail has records of its own of them."""

ID, SCENARIO = "leakline.drill.id", "leakline.drill.scenario"
"""Fields: nothing but what drills make has them, so that a SIEM can leave drills out or list them. What is said about drills,
their failures above all, has `leakline.drill_result.*` instead: it is meant, and to be seen.
"""


@dataclass(frozen=True, slots=True)
class DrillMark:
    """Which drill it is."""

    id: str
    scenario: str


NO_DRILL = DrillMark("D-none", "none")
"""Of what the shard of drills says before the first one since the start: a problem."""


class CurrentDrill:
    """The drill that runs or ran last, for the shard whose steps mark what they make."""

    def __init__(self) -> None:
        self.mark = NO_DRILL
        self.speed = 1.0
        """How many times faster than planned people are notified."""


def marking(steps: BatchSteps, current: CurrentDrill) -> BatchSteps:
    """Steps of which every row, event and alert has the mark of the drill that runs."""

    def shape(prepared: pl.DataFrame, batch: Batch, now: datetime, /) -> pl.DataFrame:
        return _marked(steps.shape(prepared, batch, now), current.mark)

    def detect(batch: Batch, prepared: pl.DataFrame, matches: Matches, now: datetime, /) -> DetectionResult:
        return _MarkedDetection(steps.detect(batch, prepared, matches, now), current.mark)

    def respond(batch: Batch, detection: DetectionResult, now: datetime, /) -> ResponseResult:
        return _MarkedResponse(steps.respond(batch, detection, now), current.mark)

    return replace(steps, shape=shape, detect=detect, respond=respond)


def unmarked(steps: BatchSteps) -> BatchSteps:
    """Steps of an org, of which no event and no alert has the mark of a drill, whatever its rows or a mapping say."""

    def prepare(batch: Batch, /) -> pl.DataFrame:
        return steps.prepare(batch).drop(ID, SCENARIO, strict=False)

    return replace(steps, prepare=prepare)


def _marked(frame: pl.DataFrame, mark: DrillMark) -> pl.DataFrame:
    if not frame.width:
        return frame
    return frame.with_columns(pl.lit(mark.id).alias(ID), pl.lit(mark.scenario).alias(SCENARIO))


class _MarkedDetection:
    """A `DetectionResult`."""

    def __init__(self, found: DetectionResult, mark: DrillMark) -> None:
        self._found = found
        self.alerts = _marked(found.alerts, mark)

    @property
    def remember(self) -> Mapping[str, bytes | None]:
        return self._found.remember

    @property
    def matched(self) -> Mapping[str, int]:
        return {}  # metrics count what happened, and a drill did not

    def advance(self) -> None:
        self._found.advance()

    def commit(self) -> None:
        self._found.commit()

    def take_back(self) -> None:
        self._found.take_back()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found, name)


class _MarkedResponse:
    """A `ResponseResult`."""

    def __init__(self, answered: ResponseResult, mark: DrillMark) -> None:
        self._answered = answered
        self.alerts = answered.alerts
        """Of a detection that has the mark."""
        self.events = _marked(answered.events, mark)

    @property
    def remember(self) -> Mapping[str, bytes | None]:
        return self._answered.remember

    @property
    def records(self) -> Sequence[ResponseRecord]:
        return self._answered.records

    def advance(self) -> None:
        self._answered.advance()

    def commit(self) -> None:
        self._answered.commit()

    def take_back(self) -> None:
        self._answered.take_back()
