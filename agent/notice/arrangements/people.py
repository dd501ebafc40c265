"""Settings of people, and of who is on call when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agent.duration import PositiveDuration
from agent.name import Name

Handover = Annotated[
    str,
    Field(
        pattern=r"^((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?([01]\d|2[0-3]):[0-5]\d [A-Za-z0-9_+/-]+$",
        examples=["Mon 09:00 UTC"],
    ),
]
"""A time of the week, or of each day, by the clocks of a zone."""


class PersonSettings(BaseModel):
    """Somebody who can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Name
    """What they are called here, in rotations and steps."""
    channels: list[str] = Field(min_length=1)
    """Over what they are told, by the names of channels: all of them at once."""
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
    every: PositiveDuration
    """How long a turn lasts: whole days, by the clocks of the handover's zone, or a shorter span."""
    handover: Handover
    """When turns change, such as `Mon 09:00 Europe/Berlin`, or `08:00 UTC` for every day."""
    begins: str | None = Field(default=None, pattern=r"^\d{4}-\d{2}-\d{2}$")
    """The day of the first person's first turn, such as 2026-11-30; unless given, one is counted from 2024-01-01."""
    hours: list[str] = Field(default_factory=list)
    """When the rotation has somebody at all, such as `Mon-Fri 08:00-18:00`, by the handover's zone; unless given, always."""
    holidays: str | None = Field(default=None, pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")
    """A country, or a part of one such as DE-BY: on its public holidays nobody of this rotation is on call."""


class OnCallSettings(BaseModel):
    """Who is on call."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    rotations: list[RotationSettings] = Field(default_factory=list)
    """Each has somebody at a time; `on_call` means all of them."""
    calendar: Path | None = None
    """A file in iCalendar's form whose events say who is on call beside the rotations: the name of a person in SUMMARY."""

    @field_validator("rotations")
    @classmethod
    def _one_of_a_name(cls, rotations: list[RotationSettings]) -> list[RotationSettings]:
        names = [rotation.name for rotation in rotations]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two rotations are called {twice[0]}; give each a name of its own")
        return rotations
