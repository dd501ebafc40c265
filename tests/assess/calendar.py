"""The days of an assessment: what is learnt from, the innocent month, the week of the leaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from agent.simulator.scenarios import SCENARIOS, staged
from agent.simulator.scenarios.configuration import CONFIGURATION
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.sessions import HOUR, Timetable, midnight
from agent.simulator.world.staff import Staff
from tests.assess.log_file_texts import Span

FIRST = date(2026, 6, 1)
"""The first innocent day: a Monday, so that 30 days have 22 working days, and books are closed on three of them."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What to run. `rows`: about how many a weekday has over all users."""

    seed: int = 7
    login_days: int = 56
    """Days before all others with logs of logins only, as every org has them: accounts idle for long need a past."""
    learning_days: int = 14
    """Days before the innocent ones from which baselines learn."""
    days: int = 30
    planted_days: int = 7
    """Long enough for the slowest leak."""
    people: int = 200
    rows: int = 200_000
    hours: int = 6
    """How many hours' files are read at once; on the last day, when most leaks happen, `last_hours`."""
    last_hours: int = 1
    scenarios: tuple[str, ...] = (*SCENARIOS, *CONFIGURATION)
    log_files: bool = True
    """Without them only rows of objects are read, which takes a minute."""
    rules: tuple[Path, ...] = ()


def spans(assessment: Assessment) -> Iterator[Span]:
    """In the order of time, without gaps."""
    begin = FIRST - timedelta(days=assessment.learning_days + assessment.login_days)
    base = Span(
        assessment.seed, Staff(assessment.seed, assessment.people), assessment.rows, begin, assessment.login_days, 24
    )
    if assessment.login_days:
        yield replace(base, event_types=("Login",), planted_events=tuple(_last_seen(base)))
    yield replace(base, first=FIRST - timedelta(days=assessment.learning_days), days=assessment.learning_days)
    yield replace(base, first=FIRST, days=assessment.days, hours=assessment.hours)
    if assessment.scenarios:
        first = FIRST + timedelta(days=assessment.days)
        week = replace(
            base, first=first, days=assessment.planted_days, hours=assessment.hours, last_hours=assessment.last_hours
        )
        stages = staged(
            assessment.scenarios, assessment.seed, base.staff, Timetable(assessment.seed, base.staff), week.window
        )
        yield replace(
            week,
            planted_events=tuple(event for stage in stages for event in stage.events),
            changes=tuple(change for stage in stages for change in stage.changes),
            versions=tuple(version for stage in stages for version in stage.versions),
        )


def _last_seen(span: Span) -> Iterator[PlantedEvent]:
    """The last logins of those whose accounts lie idle from then on."""
    timetable, start = Timetable(span.seed, span.staff), midnight(span.first) + 9 * HOUR
    for user in span.staff.dormant:
        ip = user.home.address(user.number) if user.home else ""
        session = timetable.make(user, start, start + HOUR, ip, user.client, "last seen", user.id)
        yield PlantedEvent("", "Login", start, session, {"LOGIN_STATUS": "LOGIN_NO_ERROR"})
