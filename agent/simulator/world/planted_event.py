"""One event that a scenario or a habit puts into the traffic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.simulator.world.sessions import UserSession


@dataclass(frozen=True, slots=True)
class PlantedEvent:
    """`cells` replace what regular traffic would have there; `scenario` is empty for an innocent habit.

    `event_type` is a type of log files, whose cells are texts, or the name of a real-time event, whose fields may be whole
    numbers, decimals and booleans as well.
    """

    scenario: str
    event_type: str
    time: int
    session: UserSession
    cells: Mapping[str, Any]
