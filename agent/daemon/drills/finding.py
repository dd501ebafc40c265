"""What a look at a stage finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from agent.daemon.drills.drill_view import DrillView
from agent.drills.drill import StageVerdict


@dataclass(frozen=True, slots=True)
class StageFinding:
    """A verdict, or why there is none yet."""

    verdict: StageVerdict | None
    sentence: str


def passed(sentence: str) -> StageFinding:
    return StageFinding("passed", sentence)


def failed(sentence: str) -> StageFinding:
    return StageFinding("failed", sentence)


def waits(sentence: str) -> StageFinding:
    """Where it does not become true in time, this is why it failed."""
    return StageFinding(None, sentence)


def not_set_up(sentence: str) -> StageFinding:
    return StageFinding("not set up", sentence)


@dataclass(frozen=True, slots=True)
class StageCheck:
    """How a stage is judged."""

    name: str
    look: Callable[[DrillView], StageFinding]
    """Called again and again until there is a verdict."""
    patience: Callable[[DrillView], timedelta]
    """How long that may take."""
