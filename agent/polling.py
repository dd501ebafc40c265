"""Reading polled sources again and again, and what to do when one cannot be read now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import structlog

from agent import metrics
from agent.errors import Forbidden, LimitExceeded, SourceError, Unauthorized
from agent.ingest import Committed, Ingest
from agent.model import Source
from agent.store.problems import Problems

log = structlog.get_logger()

ORG_PAUSE = timedelta(minutes=15)
"""How long an org rests after REQUEST_LIMIT_EXCEEDED; Salesforce names no time, its allowance is a rolling day."""
CREDENTIALS_PAUSE = timedelta(minutes=5)
"""How long a source rests after refused credentials or a missing permission: a human has to act first."""
STALLED_AFTER = 600.0
"""Seconds without a commit after which a poll counts as stalled."""


@dataclass
class Polled:
    """A source and how its polling goes."""

    source: Source
    org: str
    every: timedelta
    problem: str = ""
    resume_at: datetime | None = None
    newest: datetime | None = None
    last_success: datetime | None = None
    began: float | None = None
    """Monotonic time since when the poll in hand made no progress."""


class Polling:
    """All polled sources. Safe for one thread per source."""

    def __init__(
        self,
        ingest: Ingest,
        problems: Problems,
        now: Callable[[], datetime],
        stop: Event,
        org_id: Callable[[str], str],
    ) -> None:
        """`org_id`: an org's name in the settings to its id, empty while it is not known."""
        self.sources: dict[str, Polled] = {}
        """By the source's name."""
        self._ingest = ingest
        self._problems = problems
        self._now = now
        self._stop = stop
        self._org_id = org_id

    def add(self, source: Source, org: str, every: timedelta) -> None:
        self.sources[source.name] = Polled(source, org, every)

    def poll(self, polled: Polled) -> None:
        """One pass over one source; what it cannot do now is noted, told once, and tried again at the next turn."""
        now = self._now()
        if self._stop.is_set() or (polled.resume_at is not None and now < polled.resume_at):
            return
        polled.resume_at, polled.began = None, time.monotonic()
        try:
            self._ingest.read(polled.source)
        except SourceError as error:
            self._failed(polled, error, now)
            return
        finally:
            polled.began = None
        polled.problem, polled.last_success = "", now
        self._problems.over("source-failed", polled.source.name, f"{polled.source.name} can be read again")

    def _failed(self, polled: Polled, error: SourceError, now: datetime) -> None:
        metrics.POLLS_FAILED.labels(polled.source.name, type(error).__name__).inc()
        log.warning("poll failed", source=polled.source.name, error=type(error).__name__, reason=str(error))
        if isinstance(error, LimitExceeded):
            for other in self.sources.values():
                if other.org == polled.org:
                    other.resume_at = now + ORG_PAUSE
        elif isinstance(error, Unauthorized | Forbidden):
            polled.resume_at = now + CREDENTIALS_PAUSE
        polled.problem = str(error)
        fields = {
            "event.provider": polled.source.name,
            "error.type": type(error).__name__,
            "error.message": str(error),
        }
        message = f"{polled.source.name} could not be read: {error}"
        org = self._org_id(polled.org)
        self._problems.report("source-failed", polled.source.name, message, org=org, fields=fields)

    def committed(self, committed: Committed) -> None:
        """Take note of a commit: the source lives."""
        polled = self.sources.get(committed.source)
        if polled is not None:
            polled.began = time.monotonic()
            polled.newest = max(filter(None, (polled.newest, committed.newest)), default=None)

    def stalled(self) -> list[str]:
        """Names of sources whose poll makes no progress."""
        limit = time.monotonic() - STALLED_AFTER
        return [polled.source.name for polled in self.sources.values() if polled.began and polled.began < limit]

    def status(self, now: datetime) -> list[Mapping[str, Any]]:
        """For each source: name, problem, lag in seconds, when it was last read, when it is read again."""
        return [
            {
                "name": polled.source.name,
                "problem": polled.problem,
                "lag_seconds": (now - polled.newest).total_seconds() if polled.newest else None,
                "last_success": polled.last_success.isoformat() if polled.last_success else None,
                "resumes_at": polled.resume_at.isoformat() if polled.resume_at else None,
            }
            for polled in self.sources.values()
        ]
