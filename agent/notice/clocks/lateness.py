"""Why something about a clock is said later than it should have been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.wording.span import span_text

NOTICEABLE = timedelta(minutes=1)


@dataclass(slots=True)
class Lateness:
    """Of one process."""

    began: datetime
    """When it began to look at clocks."""
    cause: str = ""
    """What kept it from looking in time, of the look of now."""

    def words(self, passed: datetime, now: datetime, *, is_new: bool) -> str:
        """To be added to a sentence; empty where it is in time. `is_new`: whether the date became known only now."""
        late = now - passed
        if late < NOTICEABLE:
            return ""
        if is_new:
            return "; that date had passed before it was known"
        cause = self.cause or "the machine was busy or its disk was full"
        if passed < self.began:
            cause = "Leakline was not running"
        return f"; this is late by {rough_span(late)}: {cause}"


def rough_span(span: timedelta) -> str:
    """In whole minutes, at least one."""
    return span_text(max(NOTICEABLE, round(span / NOTICEABLE) * NOTICEABLE))
