"""The settings `drills`: which leaks are played, when, and after what time one that has not passed is overdue."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from agent.drills.planting.catalogue import SCENARIOS
from agent.duration import PositiveDuration, at_most
from agent.notice.regimes.model import Zone

LEGAL = "legal:"
"""What the names of drills begin with that run a law's clock on a moved time."""

_FIELDS = (59, 23, 31, 12, 7)
"""The highest number in each field of a schedule: minute, hour, day, month, day of the week."""
_PART = r"(\*|\d+(-\d+)?)(/\d+)?"


def _schedule(text: str) -> str:
    fields = text.split()
    hint = "write minute, hour, day, month and day of the week as cron has them, such as `0 9 1 * *`"
    if len(fields) != len(_FIELDS):
        raise ValueError(f"{text[:60]!r} is not a schedule; {hint}")
    for field, most in zip(fields, _FIELDS, strict=True):
        numbers = [int(number) for number in re.findall(r"(?<!/)\b\d+", field)]
        steps = [int(number) for number in re.findall(r"/(\d+)", field)]
        is_one = all(re.fullmatch(_PART, part) for part in field.split(","))
        if not is_one or any(number > most for number in numbers) or 0 in steps:
            raise ValueError(f"{field[:20]!r} in {text[:60]!r} cannot be read; {hint}")
    if fields[2] != "*" and fields[4] != "*":
        raise ValueError(
            f"{text[:60]!r} names days of the month and of the week; {hint}, with a star for one of the two"
        )
    return " ".join(fields)


Schedule = Annotated[str, AfterValidator(_schedule), Field(examples=["0 9 1 * *"])]


class DrillSettings(BaseModel):
    """Leaks that are planted on purpose, to see whether they are found and notified."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    schedule: Schedule | None = None
    """When they run, as cron writes it: minute, hour, day, month, day of the week (0 is Sunday). Left out, they run by hand."""
    zone: Zone = "UTC"
    """Whose time that is."""
    scenarios: Literal["all"] | list[str] = "all"
    """Which: names of `leakline drill list`, or `all` of them."""
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
