"""Which loops move, which hang, and which wait on purpose.

A loop works under its name (`of`), in the thread that calls, and says whenever it has moved. Waiting for room is
moving: it says so each time it looks again (`note_pause`), with what it waits for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog

from agent import metrics, stacks
from agent.errors import StateError
from agent.problem import Field
from agent.store.problems import Problems

log = structlog.get_logger()

KIND, INGEST = "ingest-paused", "ingest"
STALLED_AFTER = 600.0
"""Seconds without a commit, or another sign of life, after which a loop counts as stalled."""
FULL_DISK_PAUSE = 5.0
"""Seconds between two looks at a full disk or a full spool."""

Reason = Literal["disk", "spool"]

_FIX = {
    "disk": "free space on the disk of the state directory; reading then continues",
    "spool": "repair the destination that is behind, or raise the limit that is named (`aside_quota_mb` or `quota_mb` of the "
    "destination, `state.spool_limit_mb`); reading then continues",
}


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait on purpose. `by`: what is full."""

    by: Reason
    since: datetime
    message: str


@dataclass(slots=True)
class _LoopProgress:
    loop: str
    moved: float
    pause: Pause | None = None
    waits_for: int | None = None
    """The number of the thread of which it waits for something; None while it works itself."""


class Progress:
    """Safe for threads."""

    def __init__(
        self,
        problems: Problems,
        now: Callable[[], datetime],
        steady: Callable[[], float] = time.monotonic,
        shard: str = "",
    ) -> None:
        """`shard`: whose loops these are, an org's name in the settings; empty for the process's."""
        self._problems = problems
        self._now = now
        self._steady = steady
        self._paused = metrics.INGEST_PAUSED.labels(shard)
        self._work: dict[int, _LoopProgress] = {}
        """By the thread's number."""
        self._lock = threading.Lock()
        self._reported = problems.is_open(
            KIND, INGEST
        )  # by an earlier run of the daemon, which may have ended in a pause

    @contextmanager
    def of(self, loop: str) -> Iterator[None]:
        """The calling thread works as `loop` while inside; what it was before, it is again afterwards."""
        ident = threading.get_ident()
        with self._lock:
            before = self._work.get(ident)
            self._work[ident] = _LoopProgress(loop, self._steady())
        try:
            yield
        finally:
            with self._lock:
                del self._work[ident]
                if before is not None:
                    before.moved = self._steady()
                    self._work[ident] = before
            self._end_pause()

    @contextmanager
    def waiting_for(self, thread: int | None) -> Iterator[None]:
        """While inside, the calling loop hangs where this thread does; None: it does the work itself."""
        work = self._work.get(threading.get_ident())
        if work is not None:
            work.waits_for = thread
        try:
            yield
        finally:
            if work is not None:
                work.waits_for = None

    def note_move(self) -> None:
        """The calling loop has done something that others can see, such as a commit; a pause of it is over."""
        work = self._work.get(threading.get_ident())
        if work is not None:
            work.moved, work.pause = self._steady(), None
        self._end_pause()

    def note_pause(self, by: Reason, message: str) -> None:
        """The calling loop waits on purpose; to be called each time it looks again. `message`: what is full, and why; it
        should stay the same while the wait lasts.
        """
        work = self._work.get(threading.get_ident())
        if work is not None:
            since = work.pause.since if work.pause is not None else self._now()
            work.moved, work.pause = self._steady(), Pause(by, since, message)
        self._paused.set(1)
        if not self._reported:
            log.warning("ingest paused", by=by, reason=message)
        self._reported = True
        fields: dict[str, Field] = {"leakline.pause.by": by}
        try:
            self._problems.report(KIND, INGEST, f"reading is paused: {message}", fix=_FIX[by], fields=fields)
        except StateError as error:  # the disk is full: then the log, the metric and `status` say it
            log.debug("the pause cannot be recorded", reason=str(error))

    def pauses(self) -> Mapping[str, Pause]:
        """By the loop's name: who waits on purpose."""
        with self._lock:
            return {work.loop: work.pause for work in self._work.values() if work.pause is not None}

    def stalled(self) -> Mapping[str, str]:
        """Loops that make no progress, each with how long and where it is."""
        now = self._steady()
        with self._lock:
            held = [(work.waits_for or ident, work.loop, now - work.moved) for ident, work in self._work.items()]
        return {
            loop: f"{loop} has made no progress for {seconds / 60:.0f} minutes; it is at {stacks.where(ident)}"
            for ident, loop, seconds in held
            if seconds > STALLED_AFTER
        }

    def _end_pause(self) -> None:
        if not self._reported or self.pauses():
            return
        self._paused.set(0)
        with suppress(StateError):  # tried again with the next sign of life
            self._problems.over(KIND, INGEST, "there is room again: reading continues")
            self._reported = False
