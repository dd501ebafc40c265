"""Sources that own a thread of ours, continuous and pushed ones, and what to do when they cannot go on.

`run` of each loop is what the thread does, until the stop event. It returns in no other way; it raises StateDamaged, and
StateError when a fault cannot be noted.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any

import structlog

from agent.daemon.reading import source_failures
from agent.errors import DiskFull, PushError, Shutdown, StateDamaged
from agent.model import Batch
from agent.pipeline.commit_line import BatchCommit
from agent.pipeline.ingest import Ingest
from agent.pipeline.pass_faults import PassFaults
from agent.pipeline.progress import FULL_DISK_PAUSE
from agent.redaction.redaction import redact
from agent.source import ContinuousSource, HasFeeds, PushedSource
from agent.status_document import FeedStatus, encode_feeds
from agent.store.problems import Problems

log = structlog.get_logger()

PAUSE = 10.0
"""Seconds until a source is begun anew whose other side failed, or ended."""


@dataclass(frozen=True, slots=True)
class SourceShard:
    """What the threads of a shard's sources have in common."""

    ingest: Ingest
    problems: Problems
    faults: PassFaults
    stop: Event
    wait: Callable[[float], bool]
    """Waits so many seconds, and says whether to stop; `stop.wait` outside tests."""
    org_id: Callable[[], str]
    """The organisation's id, empty while it is not known."""
    rest: Callable[[], None]
    """The org's allowance is used up: its polled sources rest (`Polling.rest`)."""
    now: Callable[[], datetime]


class SourceThread(ABC):
    """One source, begun again and again."""

    name: str

    def __init__(self, shard: SourceShard) -> None:
        self._shard = shard
        self.problem = ""
        """Why it does not go on now, for `status`; empty while it does."""
        self.newest: datetime | None = None
        """The time of its newest event."""
        self.last_success: datetime | None = None
        """When it last showed that it continues."""
        self._well = False
        """Whether it has gone well since it failed last, or since the start: an earlier process may have reported it."""

    def run(self) -> None:
        """Until told to stop."""
        while not self._shard.stop.is_set():
            pause = self._begin()
            if self._shard.stop.is_set() or self._shard.wait(pause):
                return

    @property
    def is_well(self) -> bool:
        """Whether it goes on now."""
        return self._well

    def record_commit(self, commit: BatchCommit) -> None:
        """Take note of a commit's newest event."""
        self.newest = max(filter(None, (self.newest, commit.newest)), default=None)

    def status(self, now: datetime) -> Mapping[str, Any]:
        """As `Polling.status` has it for a polled source, and how each part of it is, where it has parts."""
        pause = self._shard.ingest.progress.pauses().get(self.name)
        return {
            "name": self.name,
            "problem": self.problem,
            "lag_seconds": (now - self.newest).total_seconds() if self.newest else None,
            "last_success": self.last_success.isoformat() if self.last_success else None,
            "resumes_at": None,
            "paused": pause and {"by": pause.by, "since": pause.since.isoformat(), "message": pause.message},
            "feeds": encode_feeds(self._feeds()),
        }

    def _feeds(self) -> Sequence[FeedStatus]:
        return ()

    @abstractmethod
    def _once(self) -> None:
        """Begin it, and return when it ends."""

    def _begin(self) -> float:
        """Seconds until it is begun again."""
        try:
            self._once()
            return PAUSE
        except StateDamaged:
            raise
        except DiskFull as error:
            self.problem, self._well = redact(str(error)), False
            log.warning("there is no room on the disk", source=self.name, reason=str(error))
            return FULL_DISK_PAUSE
        except Exception as error:  # noqa: BLE001 - whatever it is, the other sources go on
            self.problem, self._well = redact(str(error)), False
            try:
                return self._report(error)
            except DiskFull as full:
                return self._pause_unnoted(full)

    def _report(self, error: Exception) -> float:
        """Tell of what it ended in; seconds until it is begun again."""
        shard = self._shard
        failure = source_failures.as_source_error(error)
        if failure is None:
            return shard.faults.record(self.name, error, shard.org_id())
        if shard.stop.is_set():
            return 0.0
        rest = source_failures.report(shard.problems, self.name, shard.org_id(), failure)
        if source_failures.concerns_org(failure):
            shard.rest()
        return rest.total_seconds() if rest is not None else PAUSE

    def _pause_unnoted(self, full: DiskFull) -> float:
        """What it did cannot be noted, for the disk is full: the log has it. Seconds until it is tried again."""
        log.warning("the result of a source could not be stored", source=self.name, reason=str(full))
        return FULL_DISK_PAUSE

    def _note_well(self) -> None:
        """It has shown that it goes on."""
        self.last_success = self._shard.now()
        if not self._well:
            source_failures.end(self._shard.problems, self.name)
            self._shard.faults.clear(self.name)
            self.problem, self._well = "", True


class StreamThread(SourceThread):
    """A continuous source."""

    def __init__(self, source: ContinuousSource, shard: SourceShard) -> None:
        super().__init__(shard)
        self.name = source.name
        self._source = source

    def _feeds(self) -> Sequence[FeedStatus]:
        return self._source.feeds() if isinstance(self._source, HasFeeds) else ()

    def _once(self) -> None:
        self._shard.ingest.follow(self._source, self._note_well)


class PushThread(SourceThread):
    """A pushed source. `push` is what it hands its batches to."""

    def __init__(self, source: PushedSource, shard: SourceShard, fail: Callable[[StateDamaged], None]) -> None:
        """`fail`: the state is damaged, which a thread of the source found: the process is to end."""
        super().__init__(shard)
        self.name = source.name
        self._source = source
        self._fail = fail

    def _feeds(self) -> Sequence[FeedStatus]:
        return self._source.feeds() if isinstance(self._source, HasFeeds) else ()

    def push(self, *batches: Batch) -> int:
        """`agent.source.Push`."""
        try:
            rows = self._shard.ingest.push(self.name, *batches)
        except PushError:
            raise
        except StateDamaged as error:
            self._fail(error)
            raise Shutdown(f"events for {self.name} are not accepted: the state is damaged") from error
        except Exception as error:
            self.problem, self._well = redact(str(error)), False
            try:
                pause = self._shard.faults.record(self.name, error, self._shard.org_id())
            except DiskFull as full:
                pause = self._pause_unnoted(full)
            message = f"events for {self.name} are not accepted after an internal error ({type(error).__name__})"
            raise PushError(message, retry_after=pause) from error
        with suppress(DiskFull):  # they are committed, and their sender must hear that; the next one ends the problem
            self._note_well()
        return rows

    def _once(self) -> None:
        self._source.serve(self.push, self._shard.stop)
