"""What waits on purpose."""

from __future__ import annotations

from dataclasses import dataclass

from agent.status.times import UtcTime


@dataclass(frozen=True, slots=True)
class PauseStatus:
    """A wait on purpose. `by`: what is full, or `api_budget`: the calls that are left are for others."""

    by: str
    since: UtcTime
    message: str
