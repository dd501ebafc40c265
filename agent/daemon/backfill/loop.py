"""Reads the past of orgs that were told to, one org after the other, whenever live collection leaves room for it.

A backfill goes on by itself after each start of the daemon, until it is read or stopped. It pauses while the spool of its org
is half full, and while its share of the org's API calls is used.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from datetime import datetime
from functools import cached_property

import structlog

from agent.assembly.history.detection import forget
from agent.assembly.shard import Shard
from agent.daemon.backfill.pace import BackfillPace
from agent.daemon.backfill.status import stored_backfill
from agent.daemon.reading import source_failures
from agent.daemon.reading.source_failures import CREDENTIALS_PAUSE, ORG_PAUSE
from agent.errors import DiskFull, LimitExceeded, SourceError, StateDamaged
from agent.pipeline.pass_faults import PassFaults
from agent.pipeline.progress import FULL_DISK_PAUSE
from agent.redaction.redaction import redact
from agent.sources.history.history import PastSource
from agent.status.backfill import BackfillCost, BackfillState, BackfillStatus

log = structlog.get_logger()

KIND = "backfill-failed"
HALF, QUARTER = 0.5, 0.25
"""Of the spool's room: from the first on it pauses, and below the second it goes on."""
LOOK_EVERY = 1.0
"""Seconds between two looks whether there is anything to do."""
PAUSE = 10.0
"""Seconds until an org is asked again that did not answer."""


class OrgBackfill:
    """That of one org."""

    def __init__(
        self, shard: Shard, past: PastSource, now: Callable[[], datetime], steady: Callable[[], float]
    ) -> None:
        self.shard = shard
        self._steady = steady
        self.failures = 0
        """In a row."""
        self.past = past
        self.state: BackfillState | None = None
        """What this process knows beyond the stored state."""
        self.reason = ""
        self.cost: BackfillCost | None = None
        """What was asked for last."""
        self.lock = threading.Lock()
        """Held while its past is read or asked about."""
        self.resumes = 0.0
        """When it is read again, in seconds of a clock that does not jump."""
        self._pace = BackfillPace()
        self._now = now
        self._is_full = self._is_tidy = False
        past.goes_on = self._goes_on

    @cached_property
    def faults(self) -> PassFaults:
        """For the loop's thread: it asks the state, which `status` must not wait for."""
        return PassFaults(self.shard.stores.problems, steady=self._steady)

    def status(self) -> BackfillStatus | None:
        """None where there was none."""
        found = stored_backfill(self.shard.name, self.shard.stores.state)
        if found is None or found.state != "running":
            return found
        self._pace.note(time.monotonic(), found.rows)
        return replace(
            found,
            state=self.state or found.state,
            reason=self.reason,
            rows_per_second=self._pace.rows_per_second,
            seconds_left=self._pace.seconds_left(found.rows_expected - found.rows),
        )

    def has_room(self) -> bool:
        """Whether the spool has room; once half of it was full, only when a quarter is."""
        full = self.shard.ingest.fullness()
        self._is_full = full >= (QUARTER if self._is_full else HALF)
        return not self._is_full

    def end(self) -> None:
        """Nothing is to be read now: what detection remembers of backfills that are over is forgotten, once."""
        self.state, self.reason = None, ""
        if not self._is_tidy:
            job = self.past.job()
            forget(self.shard.stores.state, job.id if job is not None and job.state != "finished" else "")
            self._is_tidy = True

    def begin(self) -> None:
        """It is read now."""
        self.state, self.reason, self._is_tidy = "running", "", False

    def _goes_on(self) -> bool:
        return not self.shard.stop.is_set() and self.has_room()


class BackfillLoop:
    """Of all orgs. `run` is a thread's; the rest may be called by any."""

    def __init__(
        self,
        shards: Mapping[str, Shard],
        now: Callable[[], datetime],
        stop: threading.Event,
        steady: Callable[[], float] = time.monotonic,
        entered: Callable[[str], AbstractContextManager[bool]] = lambda _: nullcontext(True),
    ) -> None:
        """`shards`: as they are now, by name. `entered`: whether the thread may work on the shard of this name while inside; a
        reload that changes the org waits until it has left.
        """
        self._shards = shards
        self._orgs: dict[str, OrgBackfill] = {}
        self._changing = threading.Lock()
        self._now = now
        self._stop = stop
        self._steady = steady
        self._entered = entered
        self._asked = threading.Event()

    @property
    def orgs(self) -> Mapping[str, OrgBackfill]:
        """By the org's name, as they are now: one that a reload changed has another past."""
        with self._changing:
            pasts = {name: (shard, shard.past) for name, shard in self._shards.items() if shard.past is not None}
            self._orgs = {
                name: known
                if (known := self._orgs.get(name)) is not None and known.shard is shard
                else OrgBackfill(shard, past, self._now, self._steady)
                for name, (shard, past) in pasts.items()
                if past is not None
            }
            return self._orgs

    def run(self) -> None:
        """Until told to stop. Raises StateDamaged."""
        while not self._stop.is_set():
            for backfill in self.orgs.values():
                if not self._stop.is_set():
                    with self.entered(backfill) as may_work:
                        if may_work:
                            self.attempt(backfill)
            self._asked.wait(LOOK_EVERY)
            self._asked.clear()

    @contextmanager
    def entered(self, backfill: OrgBackfill) -> Iterator[bool]:
        """Whether the calling thread may work on this org while inside: not when a reload ends it."""
        with self._entered(backfill.shard.name) as may_work:
            yield may_work and not backfill.shard.stop.is_set()

    def wake(self) -> None:
        """There is something to do."""
        for backfill in self.orgs.values():
            backfill.resumes = 0.0
        self._asked.set()

    def statuses(self) -> list[BackfillStatus]:
        """The last backfill of each org that ever had one."""
        return [status for backfill in self.orgs.values() if (status := backfill.status()) is not None]

    def attempt(self, backfill: OrgBackfill) -> None:
        """One pass, where there is anything to read and nothing to wait for."""
        if self._steady() < backfill.resumes:
            return
        try:
            self._attempt(backfill)
        except DiskFull as error:
            self._wait(backfill, "paused", str(error), FULL_DISK_PAUSE)

    def _attempt(self, backfill: OrgBackfill) -> None:
        """Raises DiskFull, also where what is wrong cannot be noted."""
        try:
            if not backfill.past.is_running():
                backfill.end()
                return
            if not backfill.has_room():
                self._wait(backfill, "paused", "the spool is half full: destinations are behind", LOOK_EVERY)
                return
            backfill.begin()
            with backfill.lock:
                backfill.shard.ingest.read(backfill.past)
            self._well(backfill)
        except (DiskFull, StateDamaged):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, other orgs and live collection go on
            self._failed(backfill, error)

    def _well(self, backfill: OrgBackfill) -> None:
        backfill.failures = 0
        backfill.faults.clear(backfill.past.name)
        backfill.shard.stores.problems.over(KIND, backfill.past.name, f"{backfill.past.name} continues")
        if not backfill.past.is_running():
            backfill.end()

    def _failed(self, backfill: OrgBackfill, error: Exception) -> None:
        """Tell it, and when it is tried again."""
        name, stores = backfill.past.name, backfill.shard.stores
        if backfill.shard.stop.is_set():
            return
        failure = source_failures.as_source_error(error)
        if failure is None:
            pause = backfill.faults.record(name, error, backfill.shard.org_id)
            self._wait(backfill, "failing", redact(f"{type(error).__name__}: {error}"), pause)
        elif isinstance(failure, LimitExceeded):
            log.info("a backfill pauses", source=name, reason=str(failure))
            self._wait(backfill, "paused", str(failure), ORG_PAUSE.total_seconds())
        else:
            backfill.failures += 1
            pause = min(CREDENTIALS_PAUSE.total_seconds(), PAUSE * 2 ** (backfill.failures - 1))
            log.warning("a backfill fails", source=name, reason=str(failure))
            message = f"the backfill of {backfill.shard.name} does not continue: {failure}"
            stores.problems.report(KIND, name, message, org=backfill.shard.org_id, fields=_fields(name, failure))
            self._wait(backfill, "failing", str(failure), pause)

    def _wait(self, backfill: OrgBackfill, state: BackfillState, reason: str, seconds: float) -> None:
        backfill.state, backfill.reason = state, reason
        backfill.resumes = self._steady() + seconds


def _fields(name: str, error: SourceError) -> dict[str, str | int | float | bool]:
    return {"event.provider": name, "error.type": type(error).__name__, "error.message": str(error)}
