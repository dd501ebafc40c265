"""Reading polled sources again and again, and what to do when one cannot be read now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event, Lock
from typing import Any

import structlog

from agent import metrics
from agent.errors import DiskFull, Forbidden, LimitExceeded, SourceError, TransportError, Unauthorized
from agent.pipeline.ingest import BatchCommit, Ingest
from agent.pipeline.progress import STALLED_AFTER, Pause
from agent.source import PolledSource
from agent.store.problems import Problems

log = structlog.get_logger()

ORG_PAUSE = timedelta(minutes=15)
"""How long an org rests after REQUEST_LIMIT_EXCEEDED; Salesforce names no time, its allowance is a rolling day."""
CREDENTIALS_PAUSE = timedelta(minutes=5)
"""How long a source rests after refused credentials or a missing permission: a human has to act first."""
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
    """All polled sources. Safe for one thread per source."""

    def __init__(
        self,
        ingest: Ingest,
        problems: Problems,
        now: Callable[[], datetime],
        stop: Event,
        org_id: Callable[[str], str],
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`org_id`: an org's name in the settings to its id, empty while it is not known; `steady`: a clock that does not
        jump, in seconds, for all waiting.
        """
        self.sources: dict[str, PollRecord] = {}
        """By the source's name."""
        self._ingest = ingest
        self._problems = problems
        self._now = now
        self._stop = stop
        self._org_id = org_id
        self._steady = steady

    def add(self, source: PolledSource, org: str, every: timedelta) -> None:
        self.sources[source.name] = PollRecord(source, org, every, turn=self._steady())

    def poll(self, polled: PollRecord) -> None:
        """One pass over one source; what it cannot do now is noted, reported once, and tried again at the next turn."""
        if not polled.lock.acquire(blocking=False):  # a turn that came late while this source is being read
            return
        try:
            if not self._stop.is_set() and (polled.resumes is None or self._steady() >= polled.resumes):
                self._poll(polled)
        except DiskFull as error:
            polled.problem = str(error)
            log.warning("poll could not be noted", source=polled.source.name, reason=str(error))
        finally:
            polled.turn = self._steady()
            polled.lock.release()

    def _poll(self, polled: PollRecord) -> None:
        now, polled.resumes = self._now(), None
        try:
            self._ingest.read(polled.source)
        except SourceError as error:
            if not self._stop.is_set():  # else it was interrupted, for it took too long to end by itself
                self._failed(polled, error)
            return
        except RuntimeError as error:
            if "can't start new thread" not in str(error):
                raise
            self._failed(polled, TransportError("no thread could be started", hint="raise the service's TasksMax"))
            return
        polled.problem, polled.last_success = "", now
        self._problems.over("source-failed", polled.source.name, f"{polled.source.name} can be read again")

    def _failed(self, polled: PollRecord, error: SourceError) -> None:
        metrics.POLLS_FAILED.labels(polled.source.name, type(error).__name__).inc()
        log.warning("poll failed", source=polled.source.name, error=type(error).__name__, reason=str(error))
        if isinstance(error, LimitExceeded):
            for other in self.sources.values():
                if other.org == polled.org:
                    other.resumes = self._steady() + ORG_PAUSE.total_seconds()
        elif isinstance(error, Unauthorized | Forbidden):
            polled.resumes = self._steady() + CREDENTIALS_PAUSE.total_seconds()
        polled.problem = str(error)
        fields = {
            "event.provider": polled.source.name,
            "error.type": type(error).__name__,
            "error.message": str(error),
        }
        message = f"{polled.source.name} could not be read: {error}"
        org = self._org_id(polled.org)
        self._problems.report("source-failed", polled.source.name, message, org=org, fields=fields)

    def record_commit(self, commit: BatchCommit) -> None:
        """Take note of a commit's newest event."""
        polled = self.sources.get(commit.source)
        if polled is not None:
            polled.newest = max(filter(None, (polled.newest, commit.newest)), default=None)

    def has_read(self) -> bool:
        """Whether any source has been read since the start."""
        return any(polled.last_success is not None for polled in self.sources.values())

    def overdue(self) -> Mapping[str, str]:
        """Sources whose turn does not come, although they are not being read: by name, a sentence about each."""
        limit = self._steady() - STALLED_AFTER
        return {
            name: f"{name} is not read: its turn, every {polled.every}, does not come"
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
        return {
            "name": polled.source.name,
            "problem": polled.problem or _clock_problem(polled.last_success, now),
            "lag_seconds": (now - polled.newest).total_seconds() if polled.newest else None,
            "last_success": polled.last_success.isoformat() if polled.last_success else None,
            "resumes_at": (now + timedelta(seconds=rests)).isoformat() if rests > 0 else None,
            "paused": pause and {"by": pause.by, "since": pause.since.isoformat(), "message": pause.message},
        }


def _clock_problem(last_success: datetime | None, now: datetime) -> str:
    if last_success is None or last_success <= now + CLOCK_TOLERANCE:
        return ""
    return f"the clock was set back: it was last read at {last_success:%Y-%m-%d %H:%M:%S} UTC, which is in the future"
