"""Whether the process works: every thread lives and no loop hangs. Then the watchdog is fed and `/healthz` says 200."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence

import structlog

from agent import stacks

log = structlog.get_logger()


class Liveness:
    """Safe for threads, and never waits for anything."""

    def __init__(
        self,
        stalled: Callable[[], Mapping[str, str]],
        sources: Callable[[], Sequence[threading.Thread]] = lambda: (),
    ) -> None:
        """`stalled`: the loops that hang, by name, each with a sentence about it; `sources`: threads of sources, which come and
        go with their orgs.
        """
        self._stalled = stalled
        self._sources = sources
        self._logged = self._dumped = False
        self.threads: list[threading.Thread] = []
        """Those that must not end, beside those of sources."""
        self.watch_is_late: Callable[[], bool] = lambda: False

    def ailing(self) -> list[str]:
        """Why the process does not work; nothing while it does."""
        return [*self._broken(), *self._stalled().values()]

    def is_well(self) -> bool:
        """Whether the watchdog is to be fed; the log has once why not, with the stacks of all threads where nobody else
        logs them: those of a loop that hangs are the watch's to log (`loop_watch`), unless the watch hangs itself.
        """
        broken = self._broken()
        ailing = [*broken, *self._stalled().values()]
        if ailing and not self._logged:
            log.error("the watchdog is not fed", reasons=ailing)
        if broken and not self._dumped:
            stacks.log_all()
        self._logged, self._dumped = bool(ailing), bool(broken)
        return not ailing

    def _broken(self) -> list[str]:
        """What is wrong with threads, loops that hang aside."""
        ended = [
            f"the thread {thread.name!r} has ended"
            for thread in (*self.threads, *self._sources())
            if not thread.is_alive()
        ]
        late = ["the watch hangs: another thread may hold the state"] if self.watch_is_late() else []
        return [*ended, *late]
