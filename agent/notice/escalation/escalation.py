"""An escalation, as it is stored: every look at an incident makes another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import TypeAdapter

from agent.detection.sigma.rule import Level
from agent.notice.arrangements.policies import PolicySettings
from agent.notice.timer_keys import TimerKeys

ESCALATION = "escalation/"
"""Keys under `keys.RESPONSE`: by incident."""

TIMERS = TimerKeys("escalation-timer/")
"""When each is to be looked at next."""

EscalationState = Literal["firing", "acknowledged", "over"]


@dataclass(frozen=True, slots=True)
class FiredStep:
    """Who was told last."""

    number: int
    """Of the step, counted through all rounds from 0 on."""
    at: datetime
    messages: tuple[str, ...]
    """Ids of what was sent; empty where nobody was on call."""
    is_widened: bool = False
    """Whether everyone was told besides, because every channel had failed and no further tier was left."""


@dataclass(frozen=True, slots=True)
class AlarmMark:
    """What of a clock was told."""

    due: datetime
    """Its strict date, of which these are parts."""
    told: int
    """How many parts of the time had passed when it was told last."""


@dataclass(frozen=True, slots=True)
class Escalation:
    """Of one incident."""

    incident: str
    policy: PolicySettings
    """As it was when the escalation began: what the settings say later changes nothing that runs."""
    level: Level
    """Of the incident, for which the policy was taken."""
    state: EscalationState
    began: datetime
    """From when the steps count."""
    cycle: int = 0
    """How often it has begun anew: the names of messages have it."""
    next: int = 0
    """The number of the next step, counted through all rounds."""
    fired: FiredStep | None = None
    held_until: datetime | None = None
    """By a snooze or a maintenance window."""
    is_unanswered: bool = False
    """Whether all rounds are over."""
    alarms: Mapping[str, AlarmMark] = field(default_factory=dict)
    """By clock, `regime/obligation`."""

    @property
    def next_at(self) -> datetime | None:
        """When the next step is due by plan; None where none is."""
        return step_time(self, self.next) if self.state == "firing" else None


def step_time(escalation: Escalation, number: int) -> datetime:
    """When a step is due. After all rounds the last tier is told once in each `acknowledgement`."""
    policy = escalation.policy
    count, rounds = len(policy.steps), policy.repeat + 1
    last = policy.steps[-1].after
    in_rounds = min(number, count * rounds - 1)
    time = (
        escalation.began + (in_rounds // count) * (last + policy.repeat_after) + policy.steps[in_rounds % count].after
    )
    return time + (number - in_rounds) * policy.acknowledgement


def newest_due(escalation: Escalation, first: int, now: datetime) -> int:
    """The last step that is due by now, from `first` on, which is. After all rounds it is reckoned and not counted: after months of
    silence there may be millions.
    """
    number, end = first, rounds_end(escalation) - 1
    while number < end and step_time(escalation, number + 1) <= now:
        number += 1
    if number < end:
        return number
    return max(number, end + (now - step_time(escalation, end)) // escalation.policy.acknowledgement)


def tier_of(escalation: Escalation, number: int) -> int:
    """The index of the policy's step."""
    count = len(escalation.policy.steps)
    return number % count if number < rounds_end(escalation) else count - 1


def rounds_end(escalation: Escalation) -> int:
    """The number of the first step after all rounds."""
    return len(escalation.policy.steps) * (escalation.policy.repeat + 1)


_ADAPTER = TypeAdapter(Escalation)


def encode(escalation: Escalation) -> bytes:
    return _ADAPTER.dump_json(escalation)


def decode(data: bytes) -> Escalation:
    """Raises ValueError for what is not an escalation."""
    return _ADAPTER.validate_json(data)
