"""The log files of an org's Event Monitoring: which are there, which are new, in what order they are read.

Salesforce delivers at least once, late and out of order (Object Reference: EventLogFile). Files are read by
(CreatedDate, Id) from the high water less an overlap, now and then from three days before it, minus those known by
(Id, CreatedDate, length); rows are taken once by their ids. So a file is neither missed nor read twice, and a file
that comes again, late or replaced, brings only what is new in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from agent.duration import Duration, PositiveDuration, at_most
from agent.errors import SourceError, TransportError
from agent.model import Batch, Cursor
from agent.source import Recall
from agent.sources.event_log_file import fetch_again
from agent.sources.event_log_file.checkpoint import ReadPosition, known_key, outdated
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.event_log_file.download import Download, TooLong, download
from agent.sources.event_log_file.event_types import DEFAULT, EventType, spelled
from agent.sources.event_log_file.file_batches import FilePass
from agent.sources.event_log_file.file_list import FileList
from agent.sources.event_log_file.interval import DayComparison
from agent.sources.event_log_file.listed_file import ListedFile
from agent.sources.event_log_file.odd_records import OddRecords
from agent.sources.event_log_file.poll import Poll
from agent.sources.event_log_file.prefetch import download_ahead
from agent.sources.salesforce.api_error import Missing
from agent.sources.salesforce.budget.caller import Priority
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of

SWEEP = timedelta(days=3)
"""A file may still appear so long after its events (Object Reference: EventLogFile)."""
ATTEMPTS = 3
"""A file that is not whole is fetched so often, once a poll, before it is taken as it is."""
GIVE_UP_AFTER = timedelta(days=1)
"""A file that alone cannot be fetched is given up after this and `ATTEMPTS` polls that brought others."""
FORGET_EVERY = 250
"""Files, between two looks for what need not be remembered any more."""


class EventLogFileSettings(BaseModel):
    """Which log files are read, how often and how far back."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: Literal["event_log_file"] = "event_log_file"
    """Log files of Event Monitoring."""
    event_types: (
        Literal["default", "all"] | Annotated[list[EventType], Field(min_length=1), AfterValidator(spelled)]
    ) = "default"
    """Which event types are read: `default`, those that matter for leaks; `all`; or a list."""
    start: Duration = timedelta(hours=24)
    """How old the oldest file may be at the very first start, by when it was created."""
    every: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(minutes=10)
    """The time between two polls."""
    priority: Priority = "high"
    """Who is held back first as the API calls of the day run out: `low`, then `normal`; `high` last."""
    settle: Annotated[Duration, at_most(timedelta(days=1))] = timedelta(minutes=5)
    """Files younger than this wait, because they may still grow."""
    overlap: Annotated[Duration, at_most(timedelta(days=3))] = timedelta(hours=1)
    """How far before the newest file read each poll looks for late ones."""
    sweep_every: Annotated[Duration, at_most(timedelta(days=1))] = timedelta(hours=1)
    """How often a poll looks three days back."""
    interval: Literal["auto", "hourly", "daily"] = "auto"
    """`auto`: hourly files where the org has them, else daily ones."""
    reconcile_daily: bool | None = None
    """Also read the daily files, for the rows that hourly ones left out. Unless set, where the org has both."""
    parallel: int = Field(default=4, ge=1, le=16)
    """How many downloads run at once."""
    ahead_mb: int = Field(default=1024, ge=1)
    """How much disk files that are downloaded ahead may take, in MB."""
    deadline: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(minutes=8)
    """How long a download may take."""
    temp_directory: Path | None = None
    """Where downloads lie while they are read. By default in the state directory's file system."""
    max_file_mb: int = Field(default=16_384, ge=1)
    """A log file that is longer than this once decompressed, in MB, is refused. So is one of more than 64 MB that is
    40 times as long as the org said."""

    def chosen_types(self) -> list[str] | None:
        """None for all."""
        if self.event_types == "all":
            return None
        return list(DEFAULT) if self.event_types == "default" else list(self.event_types)


@dataclass
class _FetchFailures:
    """How long and how often a file could not be had."""

    since: datetime
    attempts: int = 0
    """Polls that count: those that brought other files, or found it not whole, or too long."""


class EventLogFile:
    """A source (`agent.source.PolledSource`)."""

    def __init__(
        self,
        session: Session,
        settings: EventLogFileSettings,
        *,
        now: Callable[[], datetime],
        recall: Recall,
        identity: RowIdentity,
        temp_directory: Path,
    ) -> None:
        self.name = name_of(session.settings.name, settings)
        self._session = session
        self._settings = settings
        self._now = now
        self._recall = recall
        self._identity = identity
        self._directory = settings.temp_directory or temp_directory
        self._list = FileList(
            session,
            recall,
            event_types=settings.chosen_types(),
            interval=settings.interval,
            reconcile_daily=settings.reconcile_daily,
        )
        self._odd = OddRecords(self.name, recall)
        # What follows saves work or counts tries; losing it at a restart loses nothing.
        self._swept: datetime | None = None
        self._last_file: ListedFile | None = None
        """Of those that were yielded to their end, which may not be committed yet."""
        self._failing: dict[ListedFile, _FetchFailures] = {}

    def read(self, after: Cursor | None) -> Generator[Batch]:
        """See `agent.source.PolledSource`. Files that do not come are passed over and tell themselves at the end."""
        now = self._now()
        oldest = now - self._settings.start  # 24 hours unless set: a month of logs is a costly accident in a SIEM
        position = ReadPosition.of(after) if after is not None else ReadPosition(oldest, oldest)
        self._session.check_budget()
        sweep = self._sweep_is_due(now)
        if sweep or self._list.scope is None:
            yield from self._list.find_scope(now)
        files: list[ListedFile] = []
        yield from self._new_files(position, now, sweep, files)
        yield from self._take(files, position)
        if sweep:
            self._swept = now

    def _sweep_is_due(self, now: datetime) -> bool:
        """Also when what the last pass brought was not committed in the end: a sweep may have found it."""
        if self._swept is None or (self._last_file is not None and self._recall(known_key(self._last_file)) is None):
            return True
        # A time in the future was noted by a clock that has been set back since.
        return not self._swept <= now < self._swept + self._settings.sweep_every

    def fetch_again(self, again: str, wanted: Sequence[pl.Series], stop: threading.Event) -> list[Batch]:
        """See `agent.source.FetchesAgain`."""
        return fetch_again.fetch(lambda listed: self._fetch(listed, stop), self._session, self._identity, again, wanted)

    # Listing

    def _new_files(
        self, position: ReadPosition, now: datetime, sweep: bool, found: list[ListedFile]
    ) -> Generator[Batch]:
        """Adds to `found` the settled files that are not known, in the order in which they are read.

        Yields what there is to tell of records that cannot be read.
        """
        # Files do not appear in the order of CreatedDate. The overlap (1 hour) finds those that are minutes late at each
        # poll; the sweep (3 days, once an hour) those that are as late as the documentation says.
        since = position.high - (SWEEP if sweep else self._settings.overlap)
        awaited = self._odd.earliest()
        if awaited is not None:
            # Not beyond the sweep: known files are forgotten a day later (KNOWN_FOR), and would be read again.
            since = min(since, max(awaited, position.high - SWEEP))
        # A file that fails may lie before the sweep; never before the first start's oldest file.
        since = max(position.since, min([since, *(listed.created for listed in self._failing)]))
        # Up to five minutes ago (`settle`): a younger file may still grow, and would be read twice.
        listed = self._list.created(since, now - self._settings.settle)
        yield from self._odd.settle(listed.odd, since, now, self._session.org_id)
        known = set(self._recall.keys("known/"))
        if sweep:  # files that were taken in part are asked for once more, hourly: the rest may be there by now
            known -= {key.replace("cut/", "known/", 1) for key in self._recall.keys("cut/")}
        files = {file for file in listed.files if known_key(file) not in known}
        self._failing = {file: failing for file, failing in self._failing.items() if file in files}
        # By (CreatedDate, Id), as `ListedFile` is ordered: a restart in the middle of a poll goes on in the same order.
        found += sorted(file for file in files if self._is_wanted(file, position))

    def _is_wanted(self, listed: ListedFile, position: ReadPosition) -> bool:
        """When hourly files are read, days that began before they were have nothing to be reconciled with."""
        scope = self._list.scope
        return (
            scope is None or "Hourly" not in scope.kinds or listed.kind == "Hourly" or listed.log_date >= position.since
        )

    # Taking

    def _take(self, files: list[ListedFile], position: ReadPosition) -> Generator[Batch]:
        """Batches of all files in order; afterwards raises what kept one from coming."""
        poll = Poll(position, self._file_pass(position))
        downloads = download_ahead(
            files, self._fetch, parallel=self._settings.parallel, most_bytes=self._settings.ahead_mb << 20
        )
        forget: dict[str, None] = {}
        try:
            for number, (listed, result) in enumerate(downloads):
                if number % FORGET_EVERY == 0:
                    forget = outdated(self._recall, poll.position.high)
                for batch in self._file(listed, result, poll):
                    yield replace(batch, remember={**forget, **batch.remember})
                    forget = {}
        finally:
            downloads.close()
        if poll.fetched:  # in an outage nothing comes, and no file is to blame
            for listed in poll.not_fetched:
                self._failing[listed].attempts += 1
        if poll.error is not None:
            raise poll.error

    def _file_pass(self, position: ReadPosition) -> FilePass:
        session, scope = self._session, self._list.scope
        comparison = DayComparison(self._recall, scope.kinds if scope is not None else (), position.since)
        return FilePass(session.org_id, self._recall, self._identity, self._now, comparison, lambda: session.closed)

    def _fetch(self, listed: ListedFile, stop: threading.Event) -> Download:
        self._session.check_budget()
        seconds = self._settings.deadline.total_seconds()
        cap = self._settings.max_file_mb << 20
        begun = self._now()
        return replace(download(self._session, listed, self._directory, seconds, stop, cap=cap), begun=begun)

    def _file(self, listed: ListedFile, result: Download | SourceError, poll: Poll) -> Generator[Batch]:
        """Batches of one file; none if it did not come."""
        read_before = self._recall(known_key(listed)) is not None
        if isinstance(result, Download) and result.defect and (read_before or not self._tried_enough(listed)):
            if not read_before:
                self._fetch_again(listed, result, poll)
            return
        try:
            if isinstance(result, SourceError):
                raise result
            yield from poll.files.batches(listed, result, poll.position, poll.after(listed))
        except (Missing, TransportError) as error:
            if not read_before:
                yield from self._failed(listed, error, poll)
            return
        self._settled(listed, poll)
        poll.fetched += 1
        poll.failed_in_a_row = 0

    def _tried_enough(self, listed: ListedFile) -> bool:
        """Whether a file that is not whole is taken as it is."""
        failing = self._failing.setdefault(listed, _FetchFailures(self._now()))
        failing.attempts += 1
        return failing.attempts >= ATTEMPTS

    def _fetch_again(self, listed: ListedFile, got: Download, poll: Poll) -> None:
        """At the next poll. A file that is merely shorter than listed is nothing to tell yet."""
        poll.block(listed)
        if got.truncated:
            text = f"{self.name}: {listed.event_type} {listed.id}: {got.defect}"
            poll.skip(listed, TransportError(text, hint="it is fetched again"))

    def _failed(self, listed: ListedFile, error: Missing | TransportError, poll: Poll) -> Generator[Batch]:
        """A file that cannot be read: gone for good, or for now."""
        failing = self._failing.setdefault(listed, _FetchFailures(self._now()))
        if isinstance(error, TooLong):
            failing.attempts += 1  # whatever becomes of the others
        long = failing.attempts >= ATTEMPTS and self._now() - failing.since >= GIVE_UP_AFTER
        if isinstance(error, TransportError) and not long:
            if not isinstance(error, TooLong):
                poll.not_fetched.append(listed)
            poll.skip(listed, error)
            return
        yield poll.files.gap(listed, str(error), poll.after(listed))
        self._settled(listed, poll)

    def _settled(self, listed: ListedFile, poll: Poll) -> None:
        poll.position, self._last_file = poll.after(listed), listed
        self._failing.pop(listed, None)
