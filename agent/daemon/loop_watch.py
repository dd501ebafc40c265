"""Loops that hang: said once in the log with the stacks of all threads, and as a problem while it lasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from agent import stacks
from agent.store.problems import Problems

log = structlog.get_logger()

KIND = "loop-stalled"


class LoopWatch:
    """To be asked to `look` about once a second, by one thread."""

    def __init__(self, problems: Problems, stalled: Callable[[], Mapping[str, str]]) -> None:
        """`stalled`: the loops that hang, by name, each with a sentence about it."""
        self._problems = problems
        self._stalled = stalled
        self._seen: set[str] = set()
        for problem in problems.open():
            if problem.kind == KIND:
                problems.over(KIND, problem.subject, "the daemon was started anew")

    def look(self) -> None:
        """Report loops that hang, and end the problems of those that move again."""
        stalled = self._stalled()
        for loop in self._seen - stalled.keys():
            log.info("progress again", loop=loop)
            self._problems.over(KIND, loop, f"{loop} moves again")
        new = stalled.keys() - self._seen
        self._seen = set(stalled)
        for loop in new:
            log.error("no progress", loop=loop, reason=stalled[loop])
        if new:
            stacks.log_all()
        for loop in new:  # last: this waits for the state, which a loop that hangs may hold
            self._problems.report(KIND, loop, stalled[loop])
