"""Jumps of the wall clock, seen beside a clock that cannot jump.

The schedule, `settle` and every time in an event go by the wall clock. When it jumps, the schedule is set anew at
once, and the problem `clock-jumped` is open until the clock is where it would be without the jump, or until somebody
acknowledges that it is right as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from agent.problem import Field
from agent.store.problems import Problems

log = structlog.get_logger()

KIND, HOST = "clock-jumped", "host"
TOLERANCE = 30.0
"""Seconds; a smaller step is what keeping a clock right looks like."""
CREEP = 1 / 60
"""Seconds in a second that the clock may be moved in small steps without being said to jump, for years if need be."""

_BASELINE, _BOOT = "leakline.clock.baseline", "leakline.clock.boot"


def boot_seconds() -> float:
    """Seconds since the machine started. Unlike the monotonic clock it goes on while the machine sleeps, so that waking up
    is not a jump.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str:
    """Names the machine's present run; empty where the system does not say."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


class ClockWatch:
    """To be asked to `look` about once a second, by one thread."""

    def __init__(
        self,
        problems: Problems,
        *,
        now: Callable[[], datetime],
        jumped: Callable[[], None],
        steady: Callable[[], float] = boot_seconds,
        boot: str | None = None,
    ) -> None:
        """`jumped` sets everything anew that goes by the wall clock; `steady` is in seconds."""
        self._problems = problems
        self._now = now
        self._steady = steady
        self._jumped = jumped
        self._boot = boot_id() if boot is None else boot
        self._looked = steady()
        self._baseline = now().timestamp() - self._looked
        self._ahead = 0.0
        """Seconds by which the clock is ahead of where it would be (negative: behind)."""
        self._message = ""
        self._reported = False
        self._jumps = 0
        self._resume()

    def look(self) -> None:
        """Notice a jump since the last look, and the end of one. Raises StateError where it cannot be recorded."""
        now, steady = self._now(), self._steady()
        before, passed = self._ahead, steady - self._looked
        self._ahead, self._looked = now.timestamp() - steady - self._baseline, steady
        step = self._ahead - before
        if abs(self._ahead) < TOLERANCE:
            if abs(step) >= TOLERANCE:
                self._set_anew(now, step)
            self._be_right()
            self._baseline += max(-passed * CREEP, min(passed * CREEP, self._ahead))
        elif self._reported and not self._problems.is_open(KIND, HOST):
            self._take_as_right(now)
        elif abs(step) >= TOLERANCE or not self._message:
            self._set_anew(now, step)
            self._jumps += 1
            self._message = _message(now, self._ahead)
            self._reported = False
        if self._message and not self._reported:
            self._report(step)

    def _resume(self) -> None:
        """A jump that an earlier run of the daemon saw: it is still one while the machine has not been started anew."""
        for problem in self._problems.open():
            if problem.kind != KIND:
                continue
            baseline = problem.fields.get(_BASELINE)
            if problem.fields.get(_BOOT) == self._boot and self._boot and isinstance(baseline, float):
                self._ahead = self._baseline - baseline
                self._baseline = baseline
                self._message, self._reported = problem.message, True
            else:
                self._problems.over(KIND, HOST, "the machine was restarted; its clock is taken as right")

    def _set_anew(self, now: datetime, step: float) -> None:
        """First of all, and without the state: whatever else fails, reading goes on."""
        log.warning("the wall clock jumped", seconds=round(step, 1), to=now.isoformat())
        self._jumped()

    def _report(self, step: float) -> None:
        fields: dict[str, Field] = {
            _BASELINE: float(self._baseline),
            _BOOT: self._boot,
            "leakline.clock.jump": round(step, 3),
        }
        self._problems.report(KIND, HOST, self._message, count=max(1, self._jumps), fields=fields)
        self._reported = True

    def _be_right(self) -> None:
        if self._message:
            self._message, self._reported, self._jumps = "", False, 0
            self._problems.over(KIND, HOST, "the wall clock is right again")

    def _take_as_right(self, now: datetime) -> None:
        """Somebody has acknowledged the jump: from here on the clock as it is counts."""
        log.info("the wall clock is taken as right", now=now.isoformat())
        self._baseline += self._ahead
        self._ahead, self._message, self._reported, self._jumps = 0.0, "", False, 0


def _message(now: datetime, ahead: float) -> str:
    would_be = now - timedelta(seconds=ahead)
    way, effect = (
        ("forward", "log files may be read before they have settled")
        if ahead > 0
        else ("back", "log files that are newer than the clock are read late")
    )
    return (
        f"the wall clock jumped {way} by {_span(abs(ahead))}, from {_written(would_be)} to {_written(now)}; "
        f"while it is wrong, {effect}"
    )


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def _written(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC"
