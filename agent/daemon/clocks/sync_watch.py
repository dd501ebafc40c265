"""Whether a time service keeps the machine's clock, asked once a minute; a problem when none has for long."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from agent import metrics
from agent.daemon.clocks.kernel_clock import is_deadly, kernel_clock
from agent.problem import Field
from agent.status.times import KernelClock
from agent.store.problems import Problems

log = structlog.get_logger()

KIND, HOST = "clock-unsynchronised", "host"
EVERY = 60.0
"""Seconds between two questions."""
LONG = 3600.0
"""Seconds without a time service until it is a problem: one that starts with the machine needs minutes."""


class SyncWatch:
    """To be asked to `look` about once a second, by one thread; `clock` may be read by any."""

    def __init__(
        self,
        problems: Problems,
        *,
        question: Callable[[], KernelClock] = kernel_clock,
        is_deadly: Callable[[], bool] = is_deadly,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`question` is not asked where `is_deadly` says so; `steady`: seconds of a clock that does not jump."""
        self._problems = problems
        self._question = question
        self._is_deadly = is_deadly
        self._steady = steady
        self._asked: float | None = None
        self._unsynchronised_since: float | None = None
        self._was_reported = problems.is_open(KIND, HOST)
        self.clock: KernelClock | None = None
        """None until it was asked."""

    def look(self) -> None:
        """Ask if it is time to. Raises StateError where what is found cannot be recorded."""
        now = self._steady()
        if self._asked is not None and now - self._asked < EVERY:
            return
        if self._asked is None and self._is_deadly():
            self._question = _nothing
        self._asked, before = now, self.clock
        self.clock = self._question()
        _measure(self.clock)
        if before is None or before.state != self.clock.state:
            log.info("the kernel's clock", state=self.clock.state, max_error=self.clock.max_error_seconds)
        if self.clock.state == "unsynchronised":
            self._note_unsynchronised(now)
        else:
            self._end()

    def _note_unsynchronised(self, now: float) -> None:
        since = self._unsynchronised_since = now if self._unsynchronised_since is None else self._unsynchronised_since
        if now - since >= LONG and not self._was_reported:
            message = (
                "no time service has kept this machine's clock for an hour, so it drifts: "
                "times of alerts, lags and what is late are wrong by as much"
            )
            fields: dict[str, Field] = {"leakline.clock.max_error": round(self.clock_error, 3)}
            self._problems.report(KIND, HOST, message, fields=fields)
            self._was_reported = True  # also once somebody has acknowledged it, until the clock is kept again

    @property
    def clock_error(self) -> float:
        """Seconds; 0 where they are not known."""
        return (self.clock.max_error_seconds if self.clock is not None else None) or 0.0

    def _end(self) -> None:
        """Also where the question is forbidden by now: then nobody can say that the problem is still there."""
        self._unsynchronised_since = None
        if self._was_reported and self.clock is not None:
            kept = self.clock.state == "synchronised"
            message = "a time service keeps the clock" if kept else "the kernel may not be asked any more"
            self._problems.over(KIND, HOST, message)
            self._was_reported = False


def _nothing() -> KernelClock:
    return KernelClock("may_not_ask")


def _measure(clock: KernelClock) -> None:
    known = {"synchronised": 1, "unsynchronised": 0}
    metrics.CLOCK_SYNCHRONISED.set(known.get(clock.state, -1))
    if clock.max_error_seconds is not None:
        metrics.CLOCK_MAX_ERROR.set(clock.max_error_seconds)
