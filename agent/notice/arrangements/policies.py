"""Settings of escalation: who is told of an incident that nobody acknowledges, and after what time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agent.detection.sigma.rule import Level
from agent.duration import Duration, PositiveDuration
from agent.name import Name

ON_CALL, EVERYONE = "on_call", "everyone"
"""Words for recipients beside the names of people and roles; `on_call:ROTATION` is who has one rotation."""

SHORTEST_LEASE = timedelta(minutes=1)
"""Of an acknowledgement, where settings say it; those of a drill that is faster are shorter. Nobody can do anything in less, and whoever
gets a message each second reads none.
"""


class StepSettings(BaseModel):
    """One tier of an escalation."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    notify: list[str] = Field(min_length=1)
    """Who is notified: on_call, on_call:ROTATION, everyone, the name of a person, or a role that people have."""
    after: Duration = timedelta(0)
    """How long after the incident began to wait for an acknowledgement."""


class PolicySettings(BaseModel):
    """Who is notified of incidents of some levels, until a person acknowledges."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    name: Name
    """What it is called."""
    levels: list[Level] = Field(default=["high", "critical"], min_length=1)
    """Of which incidents. The first policy that has an incident's level, and its org, is taken."""
    orgs: list[str] = Field(default_factory=list)
    """Of which orgs, by their names in the settings; unless given, of all."""
    steps: list[StepSettings] = Field(min_length=1, max_length=20)
    """The tiers, in the order of their times. Each of them tells everybody that it names."""
    repeat: int = Field(default=2, ge=0, le=20)
    """How often all tiers are repeated."""
    repeat_after: PositiveDuration = timedelta(minutes=15)
    """How long after its last tier a round begins again."""
    acknowledgement: PositiveDuration = timedelta(hours=4)
    """How long an acknowledgement holds without anything done about the incident: a minute at least, and no longer than the shortest
    term of a law. Then the next tier is notified."""

    @field_validator("steps")
    @classmethod
    def _in_order(cls, steps: list[StepSettings]) -> list[StepSettings]:
        times = [step.after for step in steps]
        if any(later <= earlier for earlier, later in itertools.pairwise(times)):
            raise ValueError("each step comes later than the one before it; write growing times under `after`")
        return steps


DEFAULT = PolicySettings(
    name="default",
    steps=[
        StepSettings(notify=[ON_CALL]),
        StepSettings(notify=[ON_CALL], after=timedelta(minutes=15)),
        StepSettings(notify=[EVERYONE], after=timedelta(minutes=45)),
    ],
)
"""Where people are named and no policy is."""


OTHERS = DEFAULT.model_copy(update={"name": "others"})
"""Of orgs that no policy names, where policies name orgs: a file may bring an org that nobody thought of."""

GRAVE: Sequence[Level] = ("high", "critical")
"""Of these levels no incident should go without somebody who is told."""


def with_others(policies: Sequence[PolicySettings]) -> list[PolicySettings]:
    """And, where a grave level has policies for some orgs alone, one for all the others."""
    for_all = {level for policy in policies if not policy.orgs for level in policy.levels}
    for_some = {level for policy in policies if policy.orgs for level in policy.levels}
    left = [level for level in GRAVE if level in for_some - for_all]
    return [*policies, *([OTHERS.model_copy(update={"levels": left})] if left else [])]


LATEST_FIRST = 0.75
"""Of the time of a clock: whoever first hears of it with less than a quarter left has no use of it."""
EARLIEST_REMINDER = 0.1
"""An alarm before that comes with the incident itself, and reminds nobody."""

Part = Annotated[float, Field(allow_inf_nan=False)]


class AlarmSettings(BaseModel):
    """When people are notified of a deadline that comes near, whether or not the incident is acknowledged."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    at: list[Part] = Field(default=[0.5, 0.75, 0.9, 1.0], min_length=1, max_length=20)
    """Parts of the time from a clock's beginning to its strict date, the first at most 0.75, one of them from 0.1 to 0.75. Each tells
    one tier more."""
    short: list[Part] = Field(default=[0.25, 0.5, 0.75, 0.9, 1.0], min_length=1, max_length=20)
    """The same for clocks of at most `short_up_to`."""
    short_up_to: PositiveDuration = timedelta(hours=6)
    """Which clocks are short."""

    @field_validator("at", "short")
    @classmethod
    def _in_order(cls, parts: list[float]) -> list[float]:
        if parts != sorted(set(parts)) or parts[0] <= 0 or parts[-1] != 1:
            raise ValueError("these are growing numbers above 0, and the last is 1; write such as [0.5, 0.75, 0.9, 1]")
        if parts[0] > LATEST_FIRST:
            raise ValueError(
                f"{parts[0]:g} is too late for the first alarm; write {LATEST_FIRST:g} or less, and what follows"
            )
        if not any(EARLIEST_REMINDER <= part <= LATEST_FIRST for part in parts):
            raise ValueError(
                f"no alarm comes between {EARLIEST_REMINDER:g} and {LATEST_FIRST:g} of the time; write such as [0.5, 0.75, 0.9, 1]"
            )
        return parts
