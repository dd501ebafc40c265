"""Those who can act in the simulated org, with their profiles; and the connected apps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.simulator.world.clients import Client
from agent.simulator.world.networks import SimulatedNetwork

UserKind = Literal["person", "admin", "integration", "guest"]

_ZONES = {"US": "America/Chicago", "DE": "Europe/Berlin", "GB": "Europe/London", "IN": "Asia/Kolkata"}

_OFFSETS = {"US": -6, "DE": 1, "GB": 0, "IN": 5}
"""Hours from UTC when the working day is laid out; daylight saving is left out."""


@dataclass(frozen=True, slots=True)
class Profile:
    id: str
    name: str
    user_type: str


@dataclass(frozen=True, slots=True)
class User:
    """Someone who can act. `id` and `profile.id` are 15 characters long."""

    number: int
    kind: UserKind
    id: str
    username: str
    name: str
    email: str
    profile: Profile
    role: str
    department: str
    country: str
    client: Client
    office: SimulatedNetwork | None
    home: SimulatedNetwork | None
    active: bool = True
    dormant: bool = False
    """Whether the account is open and nobody has used it for a long time."""
    leaving: bool = False
    """Whether the person has given notice and still works."""

    @property
    def user_type(self) -> str:
        return self.profile.user_type

    @property
    def offset_hours(self) -> int:
        return _OFFSETS.get(self.country, 0)

    @property
    def time_zone(self) -> str:
        return _ZONES.get(self.country, "GMT")


@dataclass(frozen=True, slots=True)
class Application:
    """A connected app. `id` is 15 characters long."""

    id: str
    name: str
    approved: bool = True
