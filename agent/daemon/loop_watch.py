"""Loops that hang: said once in the log with the stacks of all threads, and as a problem while it lasts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import structlog

from agent import stacks
from agent.store.problems import Problems

log = structlog.get_logger()

KIND = "loop-stalled"

DUMP_EVERY = 300.0
"""Seconds between two logs of all stacks. A loop counts as stalled ten minutes after it last moved
(`pipeline.progress.STALLED_AFTER`), so a log of five minutes ago shows already where it hangs: a hundred orgs that stall one
after another, because of one cause, are logged once or twice.
"""


class LoopWatch:
    """To be asked to `look` about once a second, by one thread."""

    def __init__(
        self,
        problems: Problems,
        stalled: Callable[[], Mapping[str, str]],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`problems`: the process's own, whichever org a loop works for; `stalled`: the loops that hang, by name, each with a
        sentence about it; `steady`: a clock that does not jump, in seconds.
        """
        self._problems = problems
        self._stalled = stalled
        self._steady = steady
        self._dumped: float | None = None
        self._seen: set[str] = set()
        for problem in problems.open():
            if problem.kind == KIND:
                problems.over(KIND, problem.subject, "the daemon was restarted")

    def look(self) -> None:
        """Report loops that hang, and end the problems of those that move again."""
        stalled = self._stalled()
        for loop in self._seen - stalled.keys():
            log.info("progress again", loop=loop)
            self._problems.over(KIND, loop, f"{loop} makes progress again")
        new = stalled.keys() - self._seen
        self._seen = set(stalled)
        for loop in new:
            log.error("no progress", loop=loop, reason=stalled[loop])
        if new:
            self._log_stacks()
        for loop in new:  # last: this waits for the state, which a loop that hangs may hold
            self._problems.report(KIND, loop, stalled[loop])

    def _log_stacks(self) -> None:
        now = self._steady()
        if self._dumped is None or now - self._dumped >= DUMP_EVERY:
            self._dumped = now
            stacks.log_all()
