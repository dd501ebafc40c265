"""Reading polled sources again and again, and what to do when one cannot be read now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import Any

import structlog

from agent.daemon.reading import source_failures
from agent.daemon.reading.source_failures import ORG_PAUSE
from agent.daemon.reading.turn_holds import TurnHolds
from agent.errors import DiskFull, SourceError, StateDamaged
from agent.pipeline.commit_line import BatchCommit
from agent.pipeline.ingest import Ingest
from agent.pipeline.pass_faults import PassFaults
from agent.pipeline.progress import STALLED_AFTER, Pause
from agent.redaction.redaction import redact
from agent.source import PolledSource
from agent.sources.salesforce.budget.hold import ApiHold
from agent.store.problems import Problems

log = structlog.get_logger()

CLOCK_TOLERANCE = timedelta(seconds=30)
"""A last success this far in the future was noted by a clock that has been set back since."""


@dataclass
class PollRecord:
    """A source and how its polling goes."""

    source: PolledSource
    org: str
    every: timedelta
    problem: str = ""
    resumes: float | None = None
    """When it is read again after a rest, by the clock that does not jump."""
    newest: datetime | None = None
    last_success: datetime | None = None
    turn: float = 0.0
    """When its last turn ended, by the clock that does not jump."""
    lock: Lock = field(default_factory=Lock)
    """Held by the poll in hand."""


class Polling:
    """All polled sources of a shard. Safe for one thread per source."""

    def __init__(
        self,
        ingest: Ingest,
        problems: Problems,
        now: Callable[[], datetime],
        stop: Event,
        org_id: Callable[[str], str],
        steady: Callable[[], float] = time.monotonic,
        *,
        faults: PassFaults | None = None,
        wait: Callable[[float], bool] | None = None,
        turn: Callable[[str], ApiHold | None] = lambda _: None,
    ) -> None:
        """`org_id`: an org's name in the settings to its id, empty while it is not known; `steady`: a clock that does not
        jump, in seconds, for all waiting; `faults`: those of the shard; `wait`: waits so many seconds and says whether
        to stop, unless given on the stop event; `turn`: what keeps a source of this name from being read now.
        """
        self.sources: dict[str, PollRecord] = {}
        """By the source's name."""
        self._ingest = ingest
        self._problems = problems
        self._now = now
        self._stop = stop
        self._org_id = org_id
        self._steady = steady
        self._faults = faults or PassFaults(problems, steady=steady)
        self._wait = wait or stop.wait
        self._holds = TurnHolds(problems, turn, steady)

    def add(self, source: PolledSource, org: str, every: timedelta) -> None:
        self.sources[source.name] = PollRecord(source, org, every, turn=self._steady())

    def poll(self, polled: PollRecord) -> None:
        """One pass over one source, and after a fault of ours another one, until one ends well or the other side fails.

        What the other side cannot do now is noted, reported once, and tried again at the next turn. Raises StateDamaged,
        and StateError when a fault cannot be noted.
        """
        if not polled.lock.acquire(blocking=False):  # a turn that came late while this source is being read
            return
        try:
            while not self._stop.is_set() and (polled.resumes is None or self._steady() >= polled.resumes):
                if not self._holds.may_read(polled.source.name, polled.every, self._org_id(polled.org)):
                    break
                pause = self._poll(polled)
                if pause is None or not self._rested(polled, pause):
                    break
        except DiskFull as error:
            polled.problem = str(error)
            log.warning("poll could not be stored", source=polled.source.name, reason=str(error))
        finally:
            polled.turn = self._steady()
            polled.lock.release()

    def rest(self, org: str) -> None:
        """The org's allowance is used up: all its sources rest."""
        for polled in self.sources.values():
            if polled.org == org:
                polled.resumes = self._steady() + ORG_PAUSE.total_seconds()

    def _poll(self, polled: PollRecord) -> float | None:
        """Seconds to the next pass after a fault of ours; None when the next pass is that of the next turn."""
        now, polled.resumes, name = self._now(), None, polled.source.name
        try:
            self._ingest.read(polled.source)
        except (DiskFull, StateDamaged):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other sources go on
            failure = source_failures.as_source_error(error)
            if failure is not None:
                if not self._stop.is_set():  # else it was interrupted, for it took too long to end by itself
                    self._failed(polled, failure)
                return None
            polled.problem = redact(f"{type(error).__name__}: {error}")
            return self._faults.record(name, error, self._org_id(polled.org))
        polled.problem, polled.last_success = "", now
        self._faults.clear(name)
        source_failures.end(self._problems, name)
        return None

    def _rested(self, polled: PollRecord, pause: float) -> bool:
        """Wait; whether the source is to be read now: not on a stop, nor when its org has to rest for longer."""
        polled.resumes = until = self._steady() + pause
        stopped = self._wait(pause)
        if stopped or polled.resumes != until:
            return False
        polled.resumes = None
        return True

    def _failed(self, polled: PollRecord, error: SourceError) -> None:
        polled.problem = str(error)
        rest = source_failures.report(self._problems, polled.source.name, self._org_id(polled.org), error)
        if source_failures.concerns_org(error):
            self.rest(polled.org)
        elif rest is not None:
            polled.resumes = self._steady() + rest.total_seconds()

    def record_commit(self, commit: BatchCommit) -> None:
        """Take note of a commit's newest event."""
        polled = self.sources.get(commit.source)
        if polled is not None:
            polled.newest = max(filter(None, (polled.newest, commit.newest)), default=None)

    def has_read(self) -> bool:
        """Whether any source has been read since the start."""
        return any(polled.last_success is not None for polled in self.sources.values())

    def well(self, now: datetime) -> Mapping[str, bool]:
        """By name, whether a source was read without a fault when it was last to be read."""
        return {
            name: not polled.problem
            and polled.last_success is not None
            and now - polled.last_success <= polled.every + timedelta(seconds=STALLED_AFTER)
            for name, polled in self.sources.items()
        }

    def overdue(self) -> Mapping[str, str]:
        """Sources whose turn does not come, although they are not being read: by name, a sentence about each."""
        limit = self._steady() - STALLED_AFTER
        return {
            name: f"{name} is not read: its poll, every {polled.every}, is overdue"
            for name, polled in self.sources.items()
            if polled.turn < limit - polled.every.total_seconds() and not polled.lock.locked()
        }

    def status(self, now: datetime) -> list[Mapping[str, Any]]:
        """For each source: name, problem, lag in seconds, when it was last read, when it is read again, and what it waits
        for on purpose (`paused`: by, since, message).
        """
        pauses = self._ingest.progress.pauses()
        return [self._status(polled, now, pauses.get(name)) for name, polled in self.sources.items()]

    def _status(self, polled: PollRecord, now: datetime, pause: Pause | None) -> Mapping[str, Any]:
        rests = polled.resumes - self._steady() if polled.resumes is not None else 0.0
        held_until, held = self._holds.status(polled.source.name)
        return {
            "name": polled.source.name,
            "problem": polled.problem or _clock_problem(polled.last_success, now),
            "lag_seconds": (now - polled.newest).total_seconds() if polled.newest else None,
            "last_success": polled.last_success.isoformat() if polled.last_success else None,
            "resumes_at": (now + timedelta(seconds=rests)).isoformat() if rests > 0 else held_until,
            "paused": {"by": pause.by, "since": pause.since.isoformat(), "message": pause.message} if pause else held,
        }


def _clock_problem(last_success: datetime | None, now: datetime) -> str:
    if last_success is None or last_success <= now + CLOCK_TOLERANCE:
        return ""
    return f"the clock was set back: it was last read at {last_success:%Y-%m-%d %H:%M:%S} UTC, which is in the future"
