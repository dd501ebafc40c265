"""The time, for a loop that looks at it: whether the machine's clock was set forward since the last look is kept, to say so of what is
late for that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from agent.notice.clocks.lateness import Lateness, rough_span

STEP = timedelta(minutes=1)
"""By more than that nothing but a person or a time service moves a clock."""


class SteppedTime:
    """For one thread."""

    def __init__(self, now: Callable[[], datetime], steady: Callable[[], float] = time.monotonic) -> None:
        """`steady`: seconds of a clock that nobody sets."""
        self._now = now
        self._steady = steady
        self._looked = now(), steady()
        self.lateness = Lateness(now())

    def look(self) -> datetime:
        """The time; what is told late from now on says why."""
        now, steady = self._now(), self._steady()
        before, steady_before = self._looked
        jump = (now - before) - timedelta(seconds=steady - steady_before)
        self.lateness.cause = f"the machine's clock was set forward by {rough_span(jump)}" if jump > STEP else ""
        self._looked = now, steady
        return now
