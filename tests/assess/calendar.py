"""The days of an assessment: what is learnt from, the innocent month, the week of the leaks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from agent.simulator.scenarios import SCENARIOS, play
from agent.simulator.world.planted_event import PlantedEvent
from agent.simulator.world.sessions import HOUR, Timetable, midnight
from agent.simulator.world.staff import Staff
from tests.assess.files import Span

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
    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    rules: tuple[Path, ...] = ()


def spans(what: Assessment) -> Iterator[Span]:
    """In the order of time, without gaps."""
    begin = FIRST - timedelta(days=what.learning_days + what.login_days)
    base = Span(what.seed, Staff(what.seed, what.people), what.rows, begin, what.login_days, 24)
    if what.login_days:
        yield replace(base, event_types=("Login",), planted_events=tuple(_last_seen(base)))
    yield replace(base, first=FIRST - timedelta(days=what.learning_days), days=what.learning_days)
    yield replace(base, first=FIRST, days=what.days, hours=what.hours)
    if what.scenarios:
        first = FIRST + timedelta(days=what.days)
        week = replace(base, first=first, days=what.planted_days, hours=what.hours, last_hours=what.last_hours)
        planted_events, _ = play(what.scenarios, what.seed, base.staff, Timetable(what.seed, base.staff), week.window)
        yield replace(week, planted_events=tuple(planted_events))


def _last_seen(span: Span) -> Iterator[PlantedEvent]:
    """The last logins of those whose accounts lie idle from then on."""
    timetable, start = Timetable(span.seed, span.staff), midnight(span.first) + 9 * HOUR
    for user in span.staff.dormant:
        ip = user.home.address(user.number) if user.home else ""
        session = timetable.make(user, start, start + HOUR, ip, user.client, "last seen", user.id)
        yield PlantedEvent("", "Login", start, session, {"LOGIN_STATUS": "LOGIN_NO_ERROR"})
