"""One downloaded log file to batches, from the row where reading stopped."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import BinaryIO, cast

from agent.errors import TransportError
from agent.model import Batch, TakenOnce
from agent.source import Recall
from agent.sources.event_log_file import source_events
from agent.sources.event_log_file.checkpoint import OpenFile, ReadPosition, known_key, truncated_key
from agent.sources.event_log_file.csv_file import read_log_file
from agent.sources.event_log_file.csv_piece import CsvPiece
from agent.sources.event_log_file.deduplicate import RowFilter, RowIdentity, piece_key
from agent.sources.event_log_file.download import Download
from agent.sources.event_log_file.interval import DayComparison
from agent.sources.event_log_file.listed_file import ListedFile

SERVICE = "event_log_file"

LEAST_SHARE_KNOWN = 0.5
"""A day's file in which fewer of the hours' rows are found again is held: then the two do not agree cell for cell, and
every row of the day would come twice."""

EDGE = TakenOnce("event_log_file/begin", timedelta(days=40))
"""Longer than an org keeps log files: 30 days, unless it buys more (Salesforce Help: Event Monitoring)."""
EDGE_LENGTH = timedelta(days=6)
"""A day's file comes 45 hours after its begin, and again for three days: 5 days, and one to spare."""

_DAY = timedelta(days=1)

HELD, GONE = "its daily file does not fit its hours and was held", "its daily file cannot be read"
"""Why a day cannot be compared."""


@dataclass(frozen=True, slots=True)
class FilePass:
    """What turns files into batches."""

    org: str
    recall: Recall
    identity: RowIdentity
    now: Callable[[], datetime]
    comparison: DayComparison
    stopped: Callable[[], bool] = lambda: False
    """Whether reading is to end in the middle of a file: a long one is read for minutes before its first batch."""

    def batches(
        self, listed: ListedFile, download: Download, position: ReadPosition, after: ReadPosition
    ) -> Generator[Batch]:
        """The file's rows that are new. `position` holds while it is read, `after` once it is.

        Raises TransportError, before the first batch, if the file is no CSV, and when it is stopped.
        """
        opened = (
            position.file
            if position.file and position.file.version == listed.version
            else OpenFile(listed.version, 0, 0)
        )
        # When the first batch of the file came from a download, that download's begin holds for the rest after a restart.
        opened = replace(opened, seen=opened.seen or download.begun or self.now())
        sift = RowFilter(self.identity, self.recall, self.org, listed, opened.pieces)
        if opened.pieces == 0 and sift.checks_hours_against_day:
            share = self._filter(listed).share_known(self._pieces(listed, download, 0))
            if share < LEAST_SHARE_KNOWN:
                event = self._counted(source_events.held(self.org, listed, share, self.now()), listed, HELD)
                yield self._done(event, listed, download, after)
                return
        for piece, last in _with_last(self._pieces(listed, download, opened.row)):
            batch = self._batch(listed, piece, sift, opened, is_whole=last and not download.defect)
            batch = replace(batch, once=taken_once(listed, position.since))
            # The number of the last record of the piece: reading goes on behind it.
            opened = replace(opened, row=piece.first_row + piece.rows - 1, pieces=opened.pieces + 1)
            # Only the last batch moves the high water, so that a restart before it resumes inside the file.
            if last and not download.defect:
                yield self._done(batch, listed, download, after)
            else:
                yield replace(batch, cursor=replace(position, file=opened).cursor())
        if download.defect:
            event = source_events.truncated(self.org, listed, download.defect, self.now())
            event = self._counted(event, listed, f"its daily file was read although {download.defect}")
            yield self._done(event, listed, download, after)

    def gap(self, listed: ListedFile, reason: str, after: ReadPosition) -> Batch:
        """A file that cannot be read, so that it is not asked for again."""
        event = self._counted(source_events.gap(self.org, listed, reason, self.now()), listed, GONE)
        return replace(event, cursor=after.cursor(), remember={known_key(listed): b"1"}, input=listed.id)

    def _counted(self, event: Batch, listed: ListedFile, reason: str) -> Batch:
        """An event of our own that says why the file's day is not compared."""
        return replace(event, count=self.comparison.count(listed, reason=reason))

    def _filter(self, listed: ListedFile) -> RowFilter:
        return RowFilter(self.identity, self.recall, self.org, listed)

    def _batch(
        self, listed: ListedFile, piece: CsvPiece, sift: RowFilter, opened: OpenFile, *, is_whole: bool
    ) -> Batch:
        sifted = sift.sift(piece, SERVICE)
        count = self.comparison.count(listed, sifted, is_whole=is_whole)
        late = count is not None and count.compares
        return Batch(
            org=self.org,
            source=SERVICE,
            event_type=listed.event_type,
            frame=sifted.frame,
            remember={piece_key(listed, opened.pieces): sifted.remember} if sifted.remember else {},
            rejections=sifted.rejections,
            duplicates=sifted.duplicates,
            input=listed.id,
            created=opened.seen,
            again=listed.text(opened.seen, late=late),
            row_numbers=sifted.row_numbers,
            usual_lag=listed.usual_lag,
            time_flags=(*(("late",) if late else ()), *(("reissued",) if sift.is_reissue else ())),
            count=count,
        )

    def _pieces(self, listed: ListedFile, download: Download, row: int) -> Iterator[CsvPiece]:
        download.file.seek(0)
        stream = cast("BinaryIO", _StoppableFile(download.file, self.stopped))
        return read_log_file(stream, name=f"{listed.event_type} {listed.id}", start_row=row)

    def _done(self, batch: Batch, listed: ListedFile, download: Download, after: ReadPosition) -> Batch:
        """The batch with which the file is credited. `cut/` marks a file whose transfer broke off: a sweep tries it again."""
        remember = {
            **batch.remember,
            known_key(listed): b"1",
            truncated_key(listed): b"1" if download.truncated else None,
        }
        return replace(batch, cursor=after.cursor(), remember=remember, input=listed.id)


def taken_once(listed: ListedFile, begin: datetime) -> TakenOnce | None:
    """Of rows that both live collection and a backfill may bring: files about hours before `begin`, when live collection
    began, may be created before it and after it, and those of one hour may repeat each other's rows. The file of the day in
    which it began, which only a backfill reads, has the rows of its later hours too.
    """
    end = (begin + _DAY - timedelta.resolution).replace(hour=0, minute=0, second=0, microsecond=0)
    return EDGE if begin - EDGE_LENGTH <= listed.log_date < end else None


class _StoppableFile:
    """A file whose reading can be ended from outside."""

    def __init__(self, file: BinaryIO, stopped: Callable[[], bool]) -> None:
        self._file = file
        self._stopped = stopped

    def read(self, size: int) -> bytes:
        if self._stopped():
            raise TransportError("reading was stopped")
        return self._file.read(size)


def _with_last(pieces: Iterator[CsvPiece]) -> Iterator[tuple[CsvPiece, bool]]:
    """Each piece, and whether it is the last."""
    ahead = next(pieces)
    for piece in pieces:
        yield ahead, False
        ahead = piece
    yield ahead, True
