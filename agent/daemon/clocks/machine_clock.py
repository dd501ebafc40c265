"""All that is looked at of the machine's clock: its jumps, how far it is from the orgs', whether a time service keeps it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from agent.daemon.clocks.clock_watch import ClockWatch
from agent.daemon.clocks.skew_watch import SkewWatch, TimedSession
from agent.daemon.clocks.sync_watch import SyncWatch
from agent.status.times import KernelClock
from agent.store.problems import Problems


class MachineClock:
    """Of one daemon."""

    def __init__(
        self, problems: Problems, orgs: Mapping[str, tuple[TimedSession, Problems]], now: Callable[[], datetime]
    ) -> None:
        """`problems`: the process's register; `orgs`: by name, each with its own; `now`: the clock."""
        self._problems = problems
        self._now = now
        self._skew = SkewWatch(orgs)
        self._sync = SyncWatch(problems)

    def looks(self, set_anew: Callable[[], None]) -> list[Callable[[], None]]:
        """To be called about once a second by one thread, from now on. `set_anew`: what goes by the clock, after a jump."""

        def jumped() -> None:
            set_anew()
            self._skew.forget()

        return [ClockWatch(self._problems, now=self._now, jumped=jumped).look, self._skew.look, self._sync.look]

    def kernel(self) -> KernelClock | None:
        """What the kernel said last; None until it was asked. May be called by any thread."""
        return self._sync.clock
