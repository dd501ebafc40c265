"""What a backfill was told to do, and how far it is: what is stored of it, and changes only by the commit of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

import orjson

from agent.errors import SourceError
from agent.model import Cursor
from agent.sources.history.past import days
from agent.sources.object_query.span import Span

JOB = "job"
"""Under which it is remembered."""
VERSION = 1

JobState = Literal["running", "stopped", "finished"]


@dataclass(frozen=True, slots=True)
class BackfillJob:
    """One backfill of one org; times in milliseconds since 1970."""

    id: str
    """Names its memory of detection."""
    since: int
    until: int
    calls: int
    """As announced, and so `rows`."""
    rows: int
    begins: Mapping[str, int] = field(default_factory=dict)
    """By the name of an object, when its first row is: nothing is asked of what lies before."""
    state: JobState = "running"
    version: int = VERSION

    def encode(self) -> bytes:
        return orjson.dumps(asdict(self))

    @classmethod
    def decode(cls, stored: bytes | None) -> BackfillJob | None:
        """None where there is none. Raises SourceError for one of another version."""
        if stored is None:
            return None
        try:
            job = cls(**orjson.loads(stored))
            if job.version != VERSION:
                raise ValueError(f"version {job.version}")
        except (ValueError, TypeError) as error:
            raise SourceError(
                f"what is stored of a backfill cannot be read ({error})",
                hint="a newer Leakline may have written it: run that one",
            ) from error
        return job

    @property
    def slices(self) -> Sequence[Span]:
        """Days, which are read one after the other, so that windows see all feeds of a time together."""
        return days(Span(self.since, self.until))


@dataclass(frozen=True, slots=True)
class HistoryPosition:
    """How far a job is: the cursor's text."""

    job: str
    slice: int = 0
    """The number of the day that is being read; all days before it are."""
    done: Sequence[str] = ()
    """Names of the pasts of which the day is read."""
    reading: str = ""
    """The past that is being read."""
    inner: str | None = None
    """Its own cursor."""
    rows: int = 0
    """Read so far, those that were taken before included."""
    calls: int = 0

    @property
    def cursor(self) -> Cursor:
        return Cursor(orjson.dumps({"version": VERSION, **asdict(self)}).decode())

    @classmethod
    def of(cls, cursor: Cursor | None, job: str) -> HistoryPosition:
        """At the begin where the cursor is of another job. Raises SourceError for a text of another version."""
        if cursor is None:
            return cls(job)
        try:
            document = orjson.loads(cursor)
            if document.pop("version") != VERSION:
                raise ValueError("another version")
            position = cls(**document)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise SourceError(
                f"the cursor of a backfill cannot be read ({error})",
                hint="a newer Leakline may have written it: run that one",
            ) from error
        return replace(position, done=tuple(position.done)) if position.job == job else cls(job)

    def at(self, past: str, inner: str | None, rows: int, calls: int) -> HistoryPosition:
        """After a batch of a past."""
        return replace(self, reading=past, inner=inner, rows=self.rows + rows, calls=self.calls + calls)

    def behind(self, past: str) -> HistoryPosition:
        """The day of this past is read."""
        return replace(self, done=(*self.done, past), reading="", inner=None)

    def next_day(self) -> HistoryPosition:
        return replace(self, slice=self.slice + 1, done=(), reading="", inner=None)
