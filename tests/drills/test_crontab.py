"""Schedules of drills: what settings accept also comes, and when cron would have it come."""

from __future__ import annotations

import itertools
import random
import re
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from agent.daemon.schedule import Schedule
from agent.drills.settings import DrillSettings

BEGIN = datetime(2026, 11, 27, tzinfo=UTC)
LIMITS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@pytest.fixture
def schedule() -> Schedule:
    """Never started, so nothing of it runs."""
    return Schedule(1, lambda run: run())


def _turns(schedule: Schedule, crontab: str, until: datetime) -> list[datetime]:
    """When the scheduler would run it, from BEGIN on."""
    schedule.add_calendar("drills", lambda: None, crontab, "UTC")
    trigger = schedule._scheduler.get_job("drills").trigger
    found, now = list[datetime](), BEGIN
    while (turn := trigger.get_next_fire_time(None, now)) is not None and turn < until:
        found.append(turn)
        now = turn + timedelta(minutes=1)
    schedule.withdraw("drills")
    return found


def _naive(field: str, least: int, most: int) -> set[int]:
    """The numbers of a field, read as crontab(5) says it."""
    found = set[int]()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        first = least if span == "*" else int(low)
        last = int(high) if high else (most if span == "*" or step else first)
        found.update(range(first, last + 1)[:: int(step or 1)])
    return found


def _comes(crontab: str, time: datetime) -> bool:
    minute, hour, day, month, weekday = crontab.split()
    # Sunday is 0 and 7; a number with a step goes on to Saturday.
    weekdays = {number % 7 for number in _naive(weekday, 0, 6)}
    return (
        time.minute in _naive(minute, 0, 59)
        and time.hour in _naive(hour, 0, 23)
        and time.day in _naive(day, 1, 31)
        and time.month in _naive(month, 1, 12)
        and time.isoweekday() % 7 in weekdays
    )


@pytest.mark.parametrize(
    "weekday", ["0", "7", "1", "6", "1-5", "5-7", "0-7", "*/2", "1-5/2", "0,7", "3/2", "6,0", "1,3-5"]
)
def test_days_of_the_week_are_those_of_cron(schedule: Schedule, weekday: str) -> None:
    """0 and 7 are Sunday and 1 is Monday, whatever the scheduler counts from."""
    crontab = f"30 9 * * {weekday}"
    days = [BEGIN + timedelta(days=number, hours=9, minutes=30) for number in range(14)]
    assert _turns(schedule, crontab, BEGIN + timedelta(days=14)) == [day for day in days if _comes(crontab, day)]


def test_whatever_settings_accept_the_scheduler_takes_and_it_comes(schedule: Schedule) -> None:
    """A schedule that only the start of the daemon refuses would keep the daemon down; one that never comes is refused too."""
    chance, accepted = random.Random(20), 0
    for _ in range(3_000):
        crontab = " ".join(_field(chance, *limits) for limits in LIMITS)
        try:
            written = DrillSettings(schedule=crontab).schedule
        except ValidationError:
            continue
        assert written is not None
        schedule.add_calendar("drills", lambda: None, written, "UTC")
        # 29 February comes within eight years.
        turn = schedule._scheduler.get_job("drills").trigger.get_next_fire_time(None, BEGIN)
        schedule.withdraw("drills")
        assert turn is not None, written
        assert turn < BEGIN + timedelta(days=8 * 366), written
        assert _comes(written, turn), written
        accepted += 1
    assert accepted > 500


def _field(chance: random.Random, least: int, most: int) -> str:
    low, high, step = (chance.randint(max(least - 1, 0), most + 1) for _ in range(3))
    return chance.choice(
        ["*", "*", "*", f"{low}", f"{low}-{high}", f"*/{step}", f"{low}-{high}/{step}", f"{low},{high}"]
    )


@pytest.mark.parametrize(
    "crontab",
    [
        "", "@monthly", "0 9 1 *", "0 9 1 * * *", "60 9 1 * *", "0 24 1 * *", "0 9 0 * *", "0 9 32 * *", "0 9 1 0 *", "0 9 1 13 *",
        "0 9 * * 8", "0 9 * * mon", "0 9 5-2 * *", "*/0 * * * *", "*/90 * * * *", "0 9 1-10/20 * *", "0 9 1,, * *", "0 9 -1 * *",
        "0 9 1 * 1", "0 9 31 2 *", "0 9 30,31 2 *", "0 9 31 4,6,9,11 *", "0 9 * * 6-1", "0 9 * * 7/2", "٣ 9 1 * *", "0 9 1 * *; ls",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_with_what_to_write(crontab: str) -> None:
    """Also days that no month has, and days of the month and of the week at once, of which cron would run on either."""
    with pytest.raises(ValidationError, match=re.escape("write minute, hour, day, month and day of the week")):
        DrillSettings(schedule=crontab)


@pytest.mark.parametrize(
    "crontab", ["0 9 1 * *", "*/5 * * * *", "0 9 29 2 *", "0 9 31 1-3 *", "0 0,12 * * 1-5", "5/10 * * * *"]
)
def test_schedules_of_cron_are_accepted_as_they_are_written(crontab: str) -> None:
    """But for spaces, of which any number may be between fields."""
    assert DrillSettings(schedule=crontab.replace(" ", "  ")).schedule == crontab


def test_a_month_has_its_turns(schedule: Schedule) -> None:
    """Minute by minute the same as cron's own reading, over three days of each of some schedules."""
    until = BEGIN + timedelta(days=3)
    minutes = list(
        itertools.takewhile(lambda time: time < until, (BEGIN + timedelta(minutes=n) for n in itertools.count()))
    )
    for crontab in ("*/20 9-17 * * 1-5", "5/10 0 28,29 11 *", "0 */6 * 10-12/2 *", "59 23 * * 0"):
        assert _turns(schedule, crontab, until) == [time for time in minutes if _comes(crontab, time)], crontab
