"""Sources that the budget of their org's API calls does not let read now: shown at once, and told where that makes them late.

Nothing is lost by it: a source that has no turn moves no cursor. A source that merely has its turn somewhat later is no
problem; one that waits for longer than two of its polls is, until it has had all its turns for an hour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from agent import metrics
from agent.sources.salesforce.budget.hold import ApiHold
from agent.store.problems import Problems

log = structlog.get_logger()

KIND = "source-held-back"
LEAST_LATE = timedelta(minutes=10)
"""A source that is polled each minute is not late after two."""
SETTLED_FOR = timedelta(hours=1)
"""Turns come and go around the pace that the budget bears: each would be an event otherwise."""


@dataclass(slots=True)
class _SourceTurns:
    """Times in seconds, by the clock that does not jump."""

    given: float
    """When it last had its turn, or first asked."""
    held: float | None = None
    """When it was last refused."""
    hold: ApiHold | None = None
    """What keeps it from its turn now."""


class TurnHolds:
    """Of one shard. Safe for one thread a source."""

    def __init__(self, problems: Problems, turn: Callable[[str], ApiHold | None], steady: Callable[[], float]) -> None:
        """`turn`: what keeps a source from being read now (`Session.turn`); `steady`: a clock that does not jump, in seconds."""
        self._problems = problems
        self._turn = turn
        self._steady = steady
        self._sources: dict[str, _SourceTurns] = {}

    def may_read(self, source: str, every: timedelta, org: str) -> bool:
        """Whether it is the source's turn. `org`: the organisation's id. Raises DiskFull, StateDamaged."""
        hold, now = self._turn(source), self._steady()
        turns = self._sources.setdefault(source, _SourceTurns(now))
        turns.hold = hold
        metrics.SOURCE_HELD.labels(source).set(hold is not None)
        if hold is None:
            turns.given = now
            if turns.held is None or now - turns.held >= SETTLED_FOR.total_seconds():
                self._problems.over(KIND, source, f"{source} is read as often as its settings say again")
            return True
        turns.held = now
        if now - turns.given >= (every + max(every, LEAST_LATE)).total_seconds():
            message = f"{source} is held back until about {hold.until:%Y-%m-%d %H:%M} UTC: {hold.reason}"
            self._problems.report(KIND, source, message, org=org, fields={"event.provider": source})
        return False

    def status(self, source: str) -> tuple[str | None, Mapping[str, Any] | None]:
        """Until about when a source is held back (ISO 8601), and `PauseStatus` of that; None and None while it is not."""
        turns = self._sources.get(source)
        hold = turns.hold if turns is not None else None
        if hold is None:
            return None, None
        paused = {"by": "api_budget", "since": hold.since.isoformat(), "message": hold.reason}
        return hold.until.isoformat(), paused
