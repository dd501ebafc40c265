"""Settings of people, and of who is on call when."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from agent.duration import PositiveDuration, at_most
from agent.name import Name
from agent.notice.counting.week_hours import week_hours
from agent.notice.counting.working_days import UnknownCalendar, is_public_holiday

_HANDOVER = r"^((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?([01]\d|2[0-3]):[0-5]\d [A-Za-z0-9_+/-]+$"


def _in_form(handover: str) -> str:
    if not re.fullmatch(_HANDOVER, handover):
        hint = "write a day, a time and a zone, such as `Mon 09:00 Europe/Berlin`, or `08:00 UTC` for each day"
        raise ValueError(f"{handover[:60]!r} is not the time of a handover; {hint}")
    return handover


Handover = Annotated[
    str,
    AfterValidator(_in_form),
    Field(examples=["Mon 09:00 UTC"], json_schema_extra={"pattern": _HANDOVER}),
]
"""A time of the week, or of each day, by the clocks of a zone."""


FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Between which rotations begin."""

SHORTEST_TURN, LONGEST_TURN = timedelta(hours=1), timedelta(days=366)


class PersonSettings(BaseModel):
    """A person who can get messages."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Name
    """What they are called here, in rotations and steps."""
    channels: list[str] = Field(min_length=1)
    """Over what they get messages, by the names of channels: all of them at once."""
    addresses: dict[str, str] = Field(default_factory=dict)
    """Where, by the name of a channel: an email address, a Slack member. Unless given, the channel's own place; of a channel
    of type smtp, the name at the domain of its `from`."""
    roles: list[Name] = Field(default_factory=list)
    """What steps may call them besides: security_lead, privacy, …"""


class RotationSettings(BaseModel):
    """People who are on call in turn."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Name
    """What it is called."""
    people: list[Name] = Field(min_length=1)
    """In the order of their turns."""
    every: Annotated[PositiveDuration, at_most(LONGEST_TURN)]
    """How long a turn lasts, from an hour on: whole days, by the clocks of the handover's zone, or another span by elapsed time."""
    handover: Handover
    """When turns change, such as `Mon 09:00 Europe/Berlin`, or `08:00 UTC` for every day."""
    begins: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    """The day of the first person's first turn, such as 2026-11-30; unless given, one is counted from 2024-01-01."""
    hours: list[str] = Field(default_factory=list)
    """When the rotation has a person on call at all, such as `Mon-Fri 08:00-18:00` or `22:00-06:00`, by the handover's zone; unless
    given, always."""
    holidays: str | None = Field(default=None, pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")
    """A country, or a part of one such as DE-BY: on its public holidays no person of this rotation is on call."""

    @field_validator("every")
    @classmethod
    def _long_enough(cls, every: timedelta) -> timedelta:
        if every < SHORTEST_TURN:
            raise ValueError("a turn lasts at least an hour; write such as 12h or 7d")
        return every

    @field_validator("handover")
    @classmethod
    def _known_zone(cls, handover: str) -> str:
        zone = handover.rpartition(" ")[2]
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{zone[:60]} is not a zone; write a name such as Europe/Berlin") from None
        return handover

    @field_validator("begins")
    @classmethod
    def _known_day(cls, begins: str | None) -> str | None:
        try:
            day = date.fromisoformat(begins) if begins else None
        except ValueError:
            raise ValueError(f"{begins} is not a day of the calendar; write such as 2026-11-30") from None
        if day is not None and not FIRST_YEAR <= day.year < LAST_YEAR:
            raise ValueError(f"{begins} is too far away; write a day from {FIRST_YEAR} on")
        return begins

    @field_validator("hours")
    @classmethod
    def _readable_hours(cls, hours: list[str]) -> list[str]:
        for text in hours:
            week_hours(text)
        return hours

    @field_validator("holidays")
    @classmethod
    def _known_holidays(cls, place: str | None) -> str | None:
        if place is not None:
            try:
                is_public_holiday(date(FIRST_YEAR, 1, 1), place)
            except UnknownCalendar as error:
                raise ValueError(str(error)) from None
        return place


class OnCallSettings(BaseModel):
    """Who is on call."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    rotations: list[RotationSettings] = Field(default_factory=list)
    """Each has one person at a time; `on_call` means all of them."""
    calendar: Path | None = None
    """A file in iCalendar's form whose events say who is on call beside the rotations: the name of a person in SUMMARY."""

    @field_validator("rotations")
    @classmethod
    def _one_of_a_name(cls, rotations: list[RotationSettings]) -> list[RotationSettings]:
        names = [rotation.name for rotation in rotations]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two rotations are called {twice[0]}; give each a name of its own")
        return rotations
