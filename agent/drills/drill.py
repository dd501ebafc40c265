"""A drill: a leak that was planted on purpose, and what became of it, stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import TypeAdapter

StageVerdict = Literal["passed", "failed", "not set up"]
"""`not set up`: the settings name nobody to notify, or no law that binds: the stage has nothing to show."""
Verdict = Literal["waiting", "running", "passed", "failed"]
"""`waiting`: for those before it; one runs at a time."""

STAGES = ("planted", "detected", "grouped", "clocks", "delivered", "notified", "drafted", "trail")
"""In the order in which they are judged."""


@dataclass(frozen=True, slots=True)
class DrillStage:
    """One of them."""

    name: str
    verdict: StageVerdict
    sentence: str
    at: datetime
    """When it was judged."""


@dataclass(frozen=True, slots=True)
class Drill:
    """Kept for ever."""

    id: str
    """Such as D-2026-0001."""
    scenario: str
    by: str
    """Who asked for it; `schedule` for those of the settings."""
    speed: float
    asked_at: datetime
    begun_at: datetime | None = None
    """None while it waits for its turn."""
    stages: Sequence[DrillStage] = ()
    ended_at: datetime | None = None
    incidents: Sequence[str] = ()
    """Ids of those that it opened."""
    interrupted: str = ""
    """Why it came to no end of its own; empty where it did."""

    @property
    def verdict(self) -> Verdict:
        if self.ended_at is None:
            return "running" if self.begun_at is not None else "waiting"
        failed = bool(self.interrupted) or any(stage.verdict == "failed" for stage in self.stages)
        return "failed" if failed else "passed"

    @property
    def failures(self) -> list[str]:
        """Names of the stages that failed."""
        return [stage.name for stage in self.stages if stage.verdict == "failed"]


_DRILL = TypeAdapter(Drill)


def encode(drill: Drill) -> bytes:
    return _DRILL.dump_json(drill)


def decode(data: bytes) -> Drill:
    """Raises ValueError for what is no drill."""
    return _DRILL.validate_json(data)


def document(drill: Drill) -> dict[str, Any]:
    """As JSON has it, with its verdict."""
    return {**_DRILL.dump_python(drill, mode="json"), "verdict": drill.verdict}


def sentence(drill: Drill) -> str:
    """How it ended, in one sentence."""
    if drill.interrupted:
        return f"{drill.id} ({drill.scenario}) failed: {drill.interrupted}"
    failed = [f"{stage.name}: {stage.sentence}" for stage in drill.stages if stage.verdict == "failed"]
    if failed:
        return f"{drill.id} ({drill.scenario}) failed at {'; '.join(failed)}"
    idle = [stage.name for stage in drill.stages if stage.verdict == "not set up"]
    return f"{drill.id} ({drill.scenario}) passed" + (f"; not set up: {', '.join(idle)}" if idle else "")
