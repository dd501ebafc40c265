"""The settings `drills`: which leaks are played, when, and after what time one that has not passed is overdue."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from agent.drills.crontab import crontab
from agent.drills.planting.catalogue import SCENARIOS
from agent.duration import PositiveDuration, at_most
from agent.notice.regimes.model import Zone

LEGAL = "legal:"
"""What the names of drills begin with that run a law's clock on a moved time."""

Schedule = Annotated[str, AfterValidator(crontab), Field(examples=["0 9 1 * *"])]


class DrillSettings(BaseModel):
    """Leaks that are planted on purpose, to see whether they are found and notified."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    schedule: Schedule | None = None
    """When they run, as cron writes it: minute, hour, day, month, day of the week (0 is Sunday). Left out, they run by hand."""
    zone: Zone = "UTC"
    """Whose time that is."""
    scenarios: Literal["all"] | list[str] = "all"
    """Which: names of `leakline drill list`, or `all` of them."""
    speed: float = Field(default=60.0, ge=1, le=3600)
    """How many times faster than planned people are notified by drills of the schedule. 1 tries the plan itself, and takes as long."""
    overdue_after: Annotated[PositiveDuration, at_most(timedelta(days=366))] = timedelta(days=35)
    """A scenario that has not passed for so long is a problem."""

    @field_validator("scenarios")
    @classmethod
    def _are_known(cls, scenarios: Literal["all"] | list[str]) -> Literal["all"] | list[str]:
        if scenarios == "all":
            return scenarios
        unknown = [name for name in scenarios if name not in SCENARIOS and not name.startswith(LEGAL)]
        if unknown or not scenarios:
            named = f"{unknown[0][:60]!r} is not a scenario" if unknown else "no scenario is named"
            raise ValueError(f"{named}; write `all`, or names that `leakline drill list` shows")
        return scenarios
