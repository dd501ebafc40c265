"""What a planted leak is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from agent.simulator.world.stage import Stage


@dataclass(frozen=True, slots=True)
class Scenario:
    """A leak. `signals`: what single events show of it; `patterns`: what only several events together show."""

    name: str
    summary: str
    plant: Callable[[Stage], None]
    signals: tuple[str, ...]
    patterns: tuple[str, ...] = ()
    history: timedelta = timedelta(0)
    """How much of the time before it a watcher must have seen to tell it from an ordinary day."""
    campaign: str = ""
    """The name under which it was published, empty for a leak that was made up."""
    published: str = ""
    """What was published of its behaviour, and what of the scenario is assumed because nothing was."""
    sources: tuple[tuple[str, str], ...] = ()
    """Address and date of what was published."""
    span: timedelta = timedelta(0)
    """How long the published timeline takes."""
