"""Which days are working days: of a country, or of a calendar that a regime names."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from importlib import resources

import holidays

NAMED = {"US-FED": "US", "BR": "BR"}
"""Calendars that regimes name, to the country whose national holidays they are. The holidays that the package `holidays` has
for the United States without a state are the federal ones (5 U.S.C. 6103)."""

DAY = timedelta(days=1)
_SATURDAY = 5


class UnknownCalendar(ValueError):
    """Nobody knows the holidays of this place."""


def is_working_day(day: date, calendar: str) -> bool:
    """Whether `day` is neither a Saturday, a Sunday nor a public holiday.

    `calendar`: a name of `NAMED`, or a country's two letters (ISO 3166-1). Raises UnknownCalendar.
    """
    return day.weekday() < _SATURDAY and day not in _holidays(NAMED.get(calendar, calendar))


def next_working_day(day: date, calendar: str) -> date:
    """`day` itself where it is one. Raises UnknownCalendar."""
    while not is_working_day(day, calendar):
        day += DAY
    return day


def nth_working_day(after: date, number: int, calendar: str) -> date:
    """The `number`-th working day after the day `after`, which does not count itself. Raises UnknownCalendar."""
    day = after
    for _ in range(number):
        day = next_working_day(day + DAY, calendar)
    return day


def is_public_holiday(day: date, place: str) -> bool:
    """`place`: a country's two letters (ISO 3166-1), or a part of one such as DE-BY. Raises UnknownCalendar."""
    return day in _holidays(place)


def country_of(zone: str) -> str:
    """The two letters of the country whose clocks show this time zone (the time zone database's `zone.tab`).

    Raises UnknownCalendar for a zone of no country, such as UTC.
    """
    country = _countries().get(zone)
    if country is None:
        raise UnknownCalendar(
            f"the time zone {zone} belongs to no country whose holidays are known; name one that does"
        )
    return country


def load() -> None:
    """Read the package of calendars, which takes a second, before somebody waits for it."""
    _holidays(NAMED["US-FED"])


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    lines = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return {zone: country for country, _, zone, *_ in rows}


@lru_cache(maxsize=64)
def _holidays(country: str) -> holidays.HolidayBase:
    try:
        whole, _, part = country.partition("-")
        return holidays.country_holidays(whole, subdiv=part or None)
    except NotImplementedError as error:
        raise UnknownCalendar(f"the holidays of {country} are not known; name another country's calendar") from error
