"""What the status document says of drills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from agent.status.times import UtcTime


@dataclass(frozen=True, slots=True)
class NewestDrill:
    """The drill that ended last."""

    id: str
    scenario: str
    verdict: Literal["passed", "failed"]
    ended_at: UtcTime


@dataclass(frozen=True, slots=True)
class DrillsStatus:
    """Of each scenario that ever ran, how it ended last."""

    running: str = ""
    """The scenario that runs just now; empty while none does."""
    waiting: int = 0
    """Drills that run after it."""
    passed: int = 0
    """Scenarios that passed at their last run."""
    failed: Sequence[str] = ()
    """Scenarios that failed at theirs."""
    overdue: int = 0
    """Scenarios that the settings ask for and that have not passed for too long."""
    newest: NewestDrill | None = None
    """None before the first has ended."""
