"""The end of an obligation's period, from the words of the pack: an independent count, day by day and holiday by holiday."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import holidays

from agent.notice.regimes import model
from agent.notice.regimes.model import Obligation, Regime
from tests.notice.test_counting import first_instant_after, months_later

CALENDARS = {"US-FED": "US", "BR": "BR"}


def end(duty: Obligation, regime: Regime, anchors: Mapping[str, datetime], zone: str | None = None) -> datetime | None:
    """By its usual period; None while its anchor is not known."""
    deadline = duty.deadline
    if isinstance(deadline, model.Earliest):
        known = {
            part.anchor: anchors[part.anchor] + timedelta(hours=part.value)
            for part in deadline.of
            if part.anchor in anchors
        }
        usual = [at for anchor, at in known.items() if anchor != deadline.late]
        if deadline.late in known and usual and anchors[deadline.late] >= min(usual):
            return known[deadline.late]
        return min(known.values(), default=None)
    at = anchors.get(duty.anchor)
    return None if at is None else _end(deadline, at, ZoneInfo(getattr(deadline, "zone", None) or zone or regime.zone))


def _end(deadline: model.Deadline, at: datetime, zone: ZoneInfo) -> datetime:
    if isinstance(deadline, model.Hours | model.UndueDelay):
        hours = deadline.value if isinstance(deadline, model.Hours) else deadline.policy_target_hours
        return at + timedelta(hours=hours)
    return first_instant_after(_last_day(deadline, at.astimezone(zone).date(), zone), zone).astimezone(UTC)


def _last_day(deadline: model.Deadline, day: date, zone: ZoneInfo) -> date:
    if isinstance(deadline, model.AfterYearEnd):
        return date(day.year, 12, 31) + timedelta(days=deadline.value)
    if isinstance(deadline, model.BusinessDays):
        left = deadline.value
        while left:
            day += timedelta(days=1)
            left -= _works(day, CALENDARS[deadline.calendar])
        return day
    assert isinstance(deadline, model.CalendarDays | model.Months)
    if isinstance(deadline, model.Months):
        last = months_later(day, deadline.value)
    else:
        last = day + timedelta(days=deadline.value)
    while deadline.roll and not _works(last, _country(zone.key)):
        last += timedelta(days=1)
    return last


def _works(day: date, country: str) -> bool:
    return day.weekday() < 5 and day not in _holidays(country, day.year)


@cache
def _holidays(country: str, year: int) -> holidays.HolidayBase:
    return holidays.country_holidays(country, years=year)


@cache
def _country(zone: str) -> str:
    lines = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines()
    return next(line.split("\t")[0] for line in lines if line.split("\t")[2:3] == [zone])
