"""What past rows of objects have in common, whichever source reads them: how they are counted, and where live reading began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl

from agent.errors import Forbidden
from agent.model import OWN_EVENT_TYPE, Batch
from agent.source import Recall
from agent.sources.history.past import DAY, days
from agent.sources.object_query.object_pass import SINCE, ObjectPass, since_when
from agent.sources.object_query.object_reader import PAGE, CallBudget, ObjectReader
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.record_path import Record
from agent.sources.object_query.span import Span, milliseconds, moment, read_time
from agent.sources.salesforce.api_error import Missing, Refused
from agent.sources.salesforce.session import Session
from agent.status.backfill import FeedCost

SETTLES = timedelta(hours=1)
"""Later no row becomes visible: twice the longest overlap with which objects are read (`catalogue.yaml`)."""
SAMPLED = 7
"""Days of a big object that are counted, which cannot be counted otherwise: a week, for no day is like another."""
COUNTED = "counted"
NOT_BEGUN = "live collection has not read it yet"
UNSEEN = (Forbidden, Missing, Refused)
"""What an org says of an object that this user cannot read: the others are read."""


def begin_live(org: str, reads: Sequence[ReadObject], live: Recall, begin: datetime) -> Batch | None:
    """The batch with which live reading of those of these objects is to begin at one moment that it has not read yet: where the
    allowance of calls is small, that may take an hour. `live`: what its source remembers.
    """
    names = [read.name for read in reads if since_when(live, read.name) is None]
    time = str(milliseconds(begin)).encode()
    nothing = Batch(org, "agent", OWN_EVENT_TYPE, pl.DataFrame())
    return replace(nothing, remember=dict.fromkeys([SINCE + name for name in names], time)) if names else None


def forgetting(org: str, reading: ObjectPass, outdated: Mapping[str, bytes | None]) -> Iterator[Batch]:
    """A batch without rows that forgets what need not be remembered, where there is anything."""
    if outdated:
        nothing = Batch(org, "agent", OWN_EVENT_TYPE, pl.DataFrame())
        yield replace(nothing, cursor=reading.position.cursor, remember=outdated)


class ObjectCost:
    """Of one source's objects. `source`: its type in the settings."""

    def __init__(self, session: Session, source: str, now: datetime) -> None:
        self._session = session
        self._source = source
        self._settled = milliseconds(now - SETTLES)
        """What is older than this does not become more."""

    def of(self, read: ReadObject, span: Span, begin: int | None) -> FeedCost:
        """What reading one object costs, up to `begin`, when live collection began."""
        none = FeedCost(self._source, read.name)
        if begin is None:
            return replace(none, note=NOT_BEGUN)
        try:
            oldest = self._oldest(read)
            start = max(span.start, milliseconds(oldest)) if oldest is not None else span.start
            wanted = Span(start, max(start, min(span.end, begin)))
            parts = days(wanted)
            if not parts:
                return replace(none, oldest=oldest, until=moment(begin))
            rows, basis = self._rows(read, wanted)
        except UNSEEN as error:
            return replace(none, note=str(error.args[0]))
        if not rows and basis == COUNTED and wanted.end <= self._settled:
            return replace(none, basis=basis, oldest=oldest, until=moment(begin), is_empty=True)
        # A page is a call; a day has one at least, and a big object's day one more than it has full pages.
        each = rows / (wanted.end - wanted.start) * DAY
        calls = len(parts) * (int(each // PAGE) + 1) + 1
        return replace(none, calls=calls, rows=rows, basis=basis, oldest=oldest, until=moment(begin))

    def _rows(self, read: ReadObject, span: Span) -> tuple[int, str]:
        name, time = read.queried.name, read.queried.time
        if read.queried.kind != "big":
            bounds = f"{time} >= {_literal(span.start)} AND {time} < {_literal(span.end)}"
            count, _ = self._session.counted(f"SELECT COUNT() FROM {name} WHERE {bounds}")  # noqa: S608 - checked names
            return max(0, count), COUNTED
        parts = days(span)[-SAMPLED:]
        counted = [self._counted(read, part) for part in parts]
        measured = sum(part.end - part.start for part in parts)
        rows = round(sum(counted) * (span.end - span.start) / measured)
        return rows, COUNTED if measured == span.end - span.start else f"estimated from {len(parts)} days"

    def _counted(self, read: ReadObject, span: Span) -> int:
        time = read.queried.time

        def ask(soql: str) -> Iterator[Record]:
            self._session.check_budget()
            return iter(self._session.query(soql))

        reader = ObjectReader(ask, read.queried, [time], CallBudget(1_000))
        seen, newest = 0, span.end
        for page in reader.pages([span]):
            times = [at for record in page.records if (at := read_time(record.get(time))) is not None]
            seen += sum(at < newest for at in times)  # the moment at a page's end is read with the next one again
            newest = min([newest, *times])
        return seen

    def _oldest(self, read: ReadObject) -> datetime | None:
        """None also of a big object, which cannot be sorted by its oldest record."""
        if read.queried.kind == "big":
            return None
        name, time = read.queried.name, read.queried.time
        first = next(iter(self._session.query(f"SELECT {time} FROM {name} ORDER BY {time} ASC LIMIT 1")), None)  # noqa: S608
        at = read_time(first.get(time)) if isinstance(first, Mapping) else None
        return moment(at) if at is not None else None


def part_of(span: Span, begin: int | None, first: int | None) -> Span | None:
    """What of a span is not live collection's; None where that is nothing. `begin`: of live collection; `first`: when the
    first row is, where that is known.
    """
    if begin is None or span.start >= begin or (first is not None and span.end <= first):
        return None
    return replace(span, end=min(span.end, begin))


def _literal(time: int) -> str:
    return moment(time).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time % 1000:03}Z"
