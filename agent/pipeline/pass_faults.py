"""Faults that nobody expected, each in a pass over one source, in a tick, in taking own events, or in sending a batch.

A fault ends its pass and nothing else: it is counted, logged with its traceback, told as a problem of the shard, and tried
again after a pause that doubles with each fault in a row. Only a damaged state goes on up, for it is the state of all
shards; so does what keeps a fault from being told.
"""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable
from threading import Lock

import structlog

from agent import metrics
from agent.errors import BadDeployment, DiskFull, StateDamaged
from agent.store.problems import Problems

log = structlog.get_logger()

KIND = "pass-failed"
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds; the bound of a pause doubles from the one to the other."""
REASON_LENGTH = 300
"""Characters of an exception's text that go into the message of the problem."""


class PassFaults:
    """Of one shard. Safe for threads."""

    def __init__(
        self,
        problems: Problems,
        *,
        steady: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`steady`: a clock that does not jump, in seconds; `jitter`: from 0 to 1, how much of the second half of a pause is
        waited, so that not everything that failed together is tried again together.
        """
        self._problems = problems
        self._steady = steady
        self._jitter = jitter
        self._lock = Lock()
        self._faults = {problem.subject: 0 for problem in problems.open() if problem.kind == KIND}
        """By name, faults in a row; 0 for one that an earlier process has reported."""
        self._resumes: dict[str, float] = {}

    def record(self, name: str, error: Exception, org: str = "") -> float:
        """A pass of `name` ended in `error`, which is being handled; returns the seconds until the next one.

        `org`: the organisation's id. Raises StateError when it cannot be noted.
        """
        metrics.PASSES_FAILED.labels(name, type(error).__name__).inc()
        with self._lock:
            self._faults[name] = count = self._faults.get(name, 0) + 1
        bound = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2.0 ** min(count - 1, 30))
        pause = bound * (1 + self._jitter()) / 2
        if isinstance(error, BadDeployment):  # told where it was found
            log.warning("pass failed", name=name, reason=str(error), seconds=pause)
            return pause
        log.error("pass failed", name=name, seconds=pause, traceback=traceback.format_exc())
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[0] if lines else 'no message'}"[:REASON_LENGTH]
        fields = {"event.provider": name, "error.type": type(error).__name__, "error.message": reason}
        message = f"reading {name} failed with an internal error: {reason}"
        self._problems.report(KIND, name, message, org=org, fields=fields)
        return pause

    def clear(self, name: str) -> None:
        """A pass of `name` went well. Costs nothing while there was no fault."""
        if name in self._faults:
            self._problems.over(KIND, name, f"reading {name} works again")
            with self._lock:
                self._faults.pop(name, None)

    def run(self, name: str, work: Callable[[], object]) -> None:
        """One pass of what has its turn again and again, and waits for nobody; left out while a pause lasts.

        Raises DiskFull, which is no fault, and StateDamaged.
        """
        if self._resumes.get(name, 0.0) > self._steady():
            return
        try:
            work()
        except (DiskFull, StateDamaged):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other shards go on
            self._resumes[name] = self._steady() + self.record(name, error)
        else:
            self._resumes.pop(name, None)
            self.clear(name)
