"""Log files about a time before live collection began: which they are, what they hold, and their rows.

A file is live collection's if it was created after that began (`ReadPosition.since`), and else of the past. What the hours of
a type and a day bring is read from the hours' files; the day's file is read where there are none, or where it holds more than
they do. Rows of the hours around the begin of live collection are taken once by their ids (`file_batches.EDGE`).
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from agent.errors import SourceError, TransportError
from agent.model import Batch, Cursor
from agent.own_event import own_event, rowless
from agent.source import Recall
from agent.sources.event_log_file import fetch_again
from agent.sources.event_log_file.checkpoint import ReadPosition, known_key
from agent.sources.event_log_file.deduplicate import RowIdentity
from agent.sources.event_log_file.download import Download, download
from agent.sources.event_log_file.file_batches import EDGE_LENGTH, FilePass
from agent.sources.event_log_file.file_list import FileList, FileListing
from agent.sources.event_log_file.interval import INTERVAL_KEY, DayComparison, ListingScope
from agent.sources.event_log_file.listed_file import ListedFile, OddRecord, oldest_file
from agent.sources.event_log_file.listed_file import moment as log_time
from agent.sources.event_log_file.prefetch import download_ahead
from agent.sources.event_log_file.source import EventLogFileSettings
from agent.sources.history.past import DAY, NOWHERE, LiveSource, days
from agent.sources.history.read_times import ReadTimes
from agent.sources.history.row_length import SAMPLED, rows_of
from agent.sources.object_query.span import Span, milliseconds, moment
from agent.sources.salesforce.api_error import Missing
from agent.sources.salesforce.session import Session
from agent.status.backfill import FeedCost

PARALLEL = 2
"""Downloads at once: half of what live collection has unless set."""
ATTEMPTS = 3
"""Passes until a file that does not come, or not whole, is given up or taken as it is."""
PAGE = 2_000
"""Records of a listing in an answer."""
ODD = "odd/"
FOUND = "EventLogFile"


class PastFiles:
    """See `agent.sources.history.past.Past`."""

    name = "event_log_file"

    def __init__(
        self,
        session: Session,
        settings: EventLogFileSettings,
        live: LiveSource,
        *,
        now: Callable[[], datetime],
        recall: Recall,
        identity: RowIdentity,
        temp_directory: Path,
    ) -> None:
        """`live`: what the source of these settings has noted."""
        self._session = session
        self._settings = settings
        self._live = live
        self._now = now
        self._recall = recall
        self._times = ReadTimes(recall, EDGE_LENGTH)
        self._identity = identity
        self._directory = settings.temp_directory or temp_directory
        self._list = FileList(
            session, recall, event_types=settings.chosen_types(), interval=settings.interval, reconcile_daily=None
        )
        if settings.interval == "daily":
            self._list.scope = ListingScope(["Daily"])
        self._failures: dict[ListedFile, int] = defaultdict(int)

    def begin_live(self) -> Batch | None:
        """See `Past.begin_live`."""
        if self._live.cursor() is not None:
            return None
        begin = self._now() - self._settings.start
        return rowless(self._session.org_id, ReadPosition(begin, begin).cursor())

    # What it costs

    def cost(self, span: Span) -> Iterator[FeedCost]:
        """See `Past.cost`. Rows are estimated from the lengths of the files and one file of each type."""
        begin = self._begin()
        if begin is None:
            yield FeedCost(self.name, FOUND, note="live collection has not begun to read log files")
            return
        wanted: list[ListedFile] = []
        calls, oldest = 0, self._oldest()
        start = max(span.start, milliseconds(oldest)) if oldest is not None else span.start
        for day in days(Span(start, min(span.end, milliseconds(begin)))):
            if not self._times.left(FOUND, _whole_day(day)):
                continue
            listing = self._listing(_whole_day(day))
            calls += 1 + len(listing.files) // PAGE
            wanted += self._wanted(listing.files, begin)
        rows = rows_of(wanted, lambda listed: self._fetch(listed, threading.Event()))
        basis = f"estimated from the lengths of {len(wanted):,} files, with the rows of up to {SAMPLED} files of each event type"
        yield FeedCost(self.name, FOUND, calls + len(wanted), round(rows), basis, oldest, begin)

    def _oldest(self) -> datetime | None:
        """The begin of the oldest hour or day that there is a file of."""
        found = self._session.query(oldest_file(interval=self._list.scope is None or self._list.scope.interval))
        first = next(iter(found), None)
        return log_time(first.get("LogDate")) if first is not None else None

    # Reading

    def read(self, span: Span, after: Cursor | None, begins: Mapping[str, int] = NOWHERE) -> Generator[Batch]:
        """See `Past.read`. In the order of the hours that the files are about; a day is read whole, because its own file is
        compared with those of all its hours, also of those that live collection has.
        """
        begin = self._begin()
        if begin is None or span.start >= milliseconds(begin) or span.end <= begins.get(FOUND, 0):
            return
        day = _whole_day(span)
        if not self._times.left(FOUND, day):
            return
        self._session.check_budget()
        position = ReadPosition.of(after) if after is not None else ReadPosition(begin, begin)
        listing = self._listing(day)
        yield from self._odd(listing.odd)
        known = set(self._recall.keys("known/"))
        files = self._wanted(listing.files, begin)
        forget = self._outdated(day, {known_key(file) for file in files}, begin)
        files = [file for file in files if known_key(file) not in known]
        for batch in self._taken(files, replace(position, since=begin)):
            yield replace(batch, remember={**forget, **batch.remember})
            forget = {}
        # Files that come late may be of the whole day: it is read when all of them are there.
        read = {FOUND: day} if day.end <= milliseconds(self._now() - EDGE_LENGTH) else {}
        noted = {**forget, **self._times.remember(read, self._now())}
        yield rowless(self._session.org_id, ReadPosition(begin, begin).cursor(), noted)

    def fetch_again(self, again: str, wanted: Sequence[pl.Series], stop: threading.Event) -> list[Batch]:
        """See `agent.source.FetchesAgain`."""
        return fetch_again.fetch(lambda listed: self._fetch(listed, stop), self._session, self._identity, again, wanted)

    def _taken(self, files: Sequence[ListedFile], position: ReadPosition) -> Generator[Batch]:
        session = self._session
        comparison = DayComparison(self._recall)
        reading = FilePass(session.org_id, self._recall, self._identity, self._now, comparison, lambda: session.closed)
        most = self._settings.ahead_mb << 20
        downloads = download_ahead(files, self._fetch, parallel=PARALLEL, most_bytes=most)
        try:
            for listed, result in downloads:
                yield from self._file(listed, result, reading, position)
                position = replace(position, file=None)
        finally:
            downloads.close()

    def _file(
        self, listed: ListedFile, result: Download | SourceError, reading: FilePass, position: ReadPosition
    ) -> Generator[Batch]:
        """Raises what kept it from coming, until it is given up."""
        after = replace(position, file=None)
        try:
            if isinstance(result, SourceError):
                raise result
            if result.defect and not self._tried_enough(listed):
                raise TransportError(f"{listed.event_type} {listed.id}: {result.defect}", hint="it is fetched again")
            yield from reading.batches(listed, result, position, after)
        except (Missing, TransportError) as error:
            if isinstance(error, TransportError) and (self._session.closed or not self._tried_enough(listed)):
                raise
            yield reading.gap(listed, str(error), after)
        self._failures.pop(listed, None)

    def _tried_enough(self, listed: ListedFile) -> bool:
        self._failures[listed] += 1
        return self._failures[listed] >= ATTEMPTS

    def _fetch(self, listed: ListedFile, stop: threading.Event) -> Download:
        self._session.check_budget()
        begun, seconds = self._now(), self._settings.deadline.total_seconds()
        cap = self._settings.max_file_mb << 20
        return replace(download(self._session, listed, self._directory, seconds, stop, cap=cap), begun=begun)

    # Which files

    def _begin(self) -> datetime | None:
        """From when on what is created is live collection's; None where that has not begun."""
        cursor = self._live.cursor()
        return ReadPosition.of(cursor).since if cursor is not None else None

    def _listing(self, span: Span) -> FileListing:
        return self._list.about(moment(span.start), moment(span.end), self._now())

    def _wanted(self, files: Sequence[ListedFile], begin: datetime) -> list[ListedFile]:
        """Those of the past, each hour's rows once, in the order of their hours."""
        days_read_live = self._live.recall(INTERVAL_KEY) is not None or self._settings.interval == "daily"
        hours: dict[tuple[str, str], list[ListedFile]] = defaultdict(list)
        for file in files:
            if file.kind == "Hourly":
                hours[file.event_type, f"{file.log_date:%Y%m%d}"].append(file)
        wanted = [file for of_day in hours.values() for file in of_day if file.created < begin]
        for file in files:
            of_day = hours.get((file.event_type, f"{file.log_date:%Y%m%d}"), ())
            # Where hours are read, live collection never reads the file of a day that began before it did.
            is_past = file.created < begin or not days_read_live
            if file.kind == "Daily" and is_past and sum(hour.length for hour in of_day) < file.length:
                wanted.append(file)
        return sorted(wanted, key=lambda file: (file.log_date, file.event_type, file.created, file.id))

    def _outdated(self, day: Span, known: set[str], begin: datetime) -> dict[str, bytes | None]:
        """What need not be remembered: files of other days, and the ids of their rows, but for a day in whose middle a backfill
        was stopped: the next one may read other days first.
        """
        files = [key for key in self._recall.keys("known/") if key not in known]
        # taken/<event type>/<YYYYMMDD>/…: as in `checkpoint.outdated`.
        taken = defaultdict[str, list[str]](list)
        for key in self._recall.keys("taken/"):
            taken[key.split("/", 3)[2]].append(key)
        edge = milliseconds(begin - EDGE_LENGTH)  # from there on ids are kept elsewhere
        ids = list[str]()
        for name, keys in taken.items():
            of = _day_named(name)
            if of != day and (of.end > edge or not self._times.left(FOUND, of)):
                ids += keys
        return dict.fromkeys([*files, *ids, *self._recall.keys("cut/")])

    def _odd(self, records: Sequence[OddRecord]) -> Generator[Batch]:
        """Listed records that cannot be read: what they are about is missing."""
        for record in records:
            key = ODD + record.name
            if self._recall(key) is None:
                fields: dict[str, str | int | float | bool] = {"leakline.gap_hours": 1}
                message = f"a listed log file of the past cannot be read: {record}. Its events are missing"
                told = own_event(self._session.org_id, "log-gap", message, self._now(), failure=True, fields=fields)
                yield replace(told, remember={key: b"1"}, input=record.name)


def _whole_day(span: Span) -> Span:
    """The day (UTC) in which a span lies."""
    start = span.start // DAY * DAY
    return Span(start, start + DAY)


def _day_named(name: str) -> Span:
    """By `YYYYMMDD`."""
    return _whole_day(Span(milliseconds(datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC)), 0))
