"""What innocent people and programs do now and then, and what is near to what thieves do: one module for each kind.

A habit is a function of the stage and of the day's sessions by user; what it leaves has no scenario.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from agent.simulator.habits import administrators, employees, integrations, reports, visitors
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.sessions import DAY, Timetable, UserSession, midnight
from agent.simulator.world.staff import Staff
from agent.simulator.world.stage import Stage


def habits(seed: int, staff: Staff, timetable: Timetable, rows_per_day: int, day: date) -> list[PlantedEvent]:
    """The events of one day."""
    begin = midnight(day)
    longest: dict[str, UserSession] = {}
    every: dict[str, list[UserSession]] = {}
    for session in timetable.sessions(day):
        every.setdefault(session.user, []).append(session)
        known = longest.get(session.user)
        if known is None or session.end - session.start > known.end - known.start:
            longest[session.user] = session
    stage = Stage(f"habits of {day}", seed, staff, timetable, (begin, begin + DAY))
    reports.live(stage, longest, day)
    administrators.live(stage, longest, day)
    employees.live(stage, longest, day)
    visitors.live(stage, day)
    integrations.live(stage, every, max(3, min(400, rows_per_day // 800)))
    return [replace(event, scenario="") for event in stage.events if begin <= event.time < begin + DAY]
