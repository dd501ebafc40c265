"""An innocent month, then a week in which every leak is planted, through one agent."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from agent.simulator.people import Staff
from agent.simulator.scenarios import SCENARIOS, play
from agent.simulator.sessions import Timetable, day_of
from tests.assess.agent_under_test import Agent
from tests.assess.files import File, Span, log_files
from tests.assess.tally import Found, Tally

FIRST = date(2026, 6, 1)
"""A Monday, so that a month of 30 days has 22 working days and the end of two quarters' months."""

RESTART_DAYS = 7


@dataclass(frozen=True, slots=True)
class Assessment:
    """What to run. `rows`: about how many a weekday has over all users."""

    seed: int = 7
    days: int = 30
    people: int = 200
    rows: int = 200_000
    hours: int = 6
    """How many hours' files are read at once; on the last day, when most leaks happen, `last_hours`."""
    last_hours: int = 1
    planted_days: int = 7
    """Long enough for the slowest leak."""
    scenarios: tuple[str, ...] = tuple(SCENARIOS)
    rules: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    assessment: Assessment
    rules: int
    names: dict[str, str]
    """Rule id to its short name."""
    levels: dict[str, str]
    rows: int
    innocent: dict[str, int]
    """Rule id to alerts on the innocent days."""
    by_level: dict[str, int]
    found: dict[str, list[Found]]
    """Scenario to the rules that found it."""
    samples: dict[str, list[str]]
    remembered: int
    """Bytes that detection remembers at the end."""
    core_seconds: float


def assess(what: Assessment, tell: Callable[[str], None] = lambda _: None) -> Result:
    """`tell`: hears how far it is."""
    began, month = time.process_time(), month_of(what)
    with tempfile.TemporaryDirectory() as folder:
        agent = Agent(month.org, month.staff, Path(folder), FIRST, what.rules)
        alerting = agent.rules.alerting
        tally = Tally({rule.id: rule.level for rule in alerting}, FIRST + timedelta(days=what.days))
        _watch(agent, tally, log_files(month), tell)
        if what.scenarios:
            _watch(agent, tally, log_files(_planted(what, month)), tell)
        return Result(
            what, len(alerting), {rule.id: rule.name or rule.title for rule in alerting}, dict(tally.levels), agent.rows,
            dict(tally.innocent), tally.by_level(), tally.found(), tally.samples,
            sum(size for _, size in agent.remembered()), time.process_time() - began,
        )  # fmt: skip


def month_of(what: Assessment) -> Span:
    return Span(what.seed, Staff(what.seed, what.people), what.rows, FIRST, what.days, what.hours)


def _planted(what: Assessment, month: Span) -> Span:
    """The week after the innocent days."""
    first = month.first + timedelta(days=month.days)
    week = replace(month, first=first, days=what.planted_days, last_hours=what.last_hours)
    plants, _ = play(what.scenarios, what.seed, month.staff, Timetable(what.seed, month.staff), week.window)
    return replace(week, plants=tuple(plants))


def _watch(agent: Agent, tally: Tally, files: Iterator[File], tell: Callable[[str], None]) -> None:
    told = last = 0
    for file in files:
        day = day_of(file.created)
        if day.toordinal() != told:
            told = day.toordinal()
            last = last or told
            tell(f"{day}: {agent.rows:,} rows, {sum(tally.innocent.values()):,} alerts")
            if told - last >= RESTART_DAYS:
                last = told
                agent.restart()
        tally.take(*agent.take(file))
