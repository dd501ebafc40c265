"""One event that a scenario or a habit puts into the traffic."""

from __future__ import annotations

from dataclasses import dataclass

from agent.simulator.world.sessions import UserSession


@dataclass(frozen=True, slots=True)
class PlantedEvent:
    """`cells` replace what regular traffic would have there; `scenario` is empty for an innocent habit."""

    scenario: str
    event_type: str
    time: int
    session: UserSession
    cells: dict[str, str]
