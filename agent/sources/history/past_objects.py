"""What past rows of objects have in common, whichever source reads them: how they are counted, and where live reading began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from agent.errors import Forbidden
from agent.model import Batch
from agent.own_event import rowless
from agent.source import Recall
from agent.sources.history.past import DAY, days
from agent.sources.history.read_times import ReadTimes
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
MOST_CALLS = 1_000
"""To count one day."""
NOT_BEGUN = "live collection has not read it yet"
UNSEEN = (Forbidden, Missing, Refused)
"""What an org says of an object that this user cannot read: the others are read."""


def begin_live(org: str, reads: Sequence[ReadObject], live: Recall, begin: datetime) -> Batch | None:
    """The batch with which live reading of those of these objects is to begin at one moment that it has not read yet: where the
    allowance of calls is small, that may take an hour. `live`: what its source remembers.
    """
    names = [read.name for read in reads if since_when(live, read.name) is None]
    time = str(milliseconds(begin)).encode()
    return rowless(org, remember=dict.fromkeys([SINCE + name for name in names], time)) if names else None


def noting(org: str, reading: ObjectPass, remember: Mapping[str, bytes | None]) -> Iterator[Batch]:
    """A batch without rows that remembers, and forgets, where there is anything to."""
    if remember:
        yield rowless(org, reading.position.cursor, remember)


class ObjectCost:
    """Of one source's objects. `source`: its type in the settings."""

    def __init__(self, session: Session, source: str, now: datetime, times: ReadTimes) -> None:
        """`times`: what is read already."""
        self._session = session
        self._source = source
        self._times = times
        self._settled = milliseconds(now - SETTLES)
        """What is older than this does not become more."""

    def of(self, read: ReadObject, span: Span, begin: int | None) -> FeedCost:
        """What reading one object costs, up to `begin`, when live collection began."""
        none = FeedCost(self._source, read.name)
        if begin is None:
            return replace(none, note=NOT_BEGUN)
        parts = self._times.left(read.name, span)
        return _together([self._of_part(read, part, none, begin) for part in parts], none)

    def _of_part(self, read: ReadObject, span: Span, none: FeedCost, begin: int) -> FeedCost:
        try:
            if read.queried.kind == "big":
                return self._of_big(read, replace(span, end=max(span.start, min(span.end, begin))), none, begin)
            oldest = self._oldest(read)
            start = max(span.start, milliseconds(oldest)) if oldest is not None else span.start
            wanted = Span(start, max(start, min(span.end, begin)))
            parts = days(wanted)
            if not parts:
                return replace(none, oldest=oldest, until=moment(begin))
            rows = self._rows(read, wanted)
        except UNSEEN as error:
            return replace(none, note=str(error.args[0]))
        found = replace(none, rows=rows, basis=COUNTED, oldest=oldest, until=moment(begin))
        return self._with_calls(found, wanted)

    def _with_calls(self, found: FeedCost, span: Span) -> FeedCost:
        """A page is a call; a day has one at least, and one more than it has full pages. Beside them the fields are asked for."""
        if not found.rows and found.basis == COUNTED and span.end <= self._settled:
            return replace(found, is_empty=True)
        each = found.rows / (span.end - span.start) * DAY
        return replace(found, calls=len(days(span)) * (int(each // PAGE) + 1) + 1)

    def _rows(self, read: ReadObject, span: Span) -> int:
        name, time = read.queried.name, read.queried.time
        bounds = f"{time} >= {_literal(span.start)} AND {time} < {_literal(span.end)}"
        count, _ = self._session.counted(f"SELECT COUNT() FROM {name} WHERE {bounds}")  # noqa: S608 - checked names
        return max(0, count)

    def _of_big(self, read: ReadObject, span: Span, none: FeedCost, begin: int) -> FeedCost:
        """Of a big object, which no query counts. Where it has no more than a page, that is read, and tells its oldest record;
        else the last days are counted.
        """
        none = replace(none, until=moment(begin))
        if span.start >= span.end:
            return none
        seen, oldest, is_whole = self._counted(read, span, calls=1)
        if is_whole:
            found = replace(none, rows=seen, basis=COUNTED, oldest=moment(oldest) if seen else None)
            return self._with_calls(found, replace(span, start=oldest if seen else span.start))
        span = replace(span, start=self._first_day(read, span))
        parts = days(span)[-SAMPLED:]
        counts = [self._counted(read, part, calls=MOST_CALLS)[0] for part in parts]
        measured = sum(part.end - part.start for part in parts)
        rows = round(sum(counts) * (span.end - span.start) / measured)
        basis = COUNTED if measured == span.end - span.start else f"estimated from {len(parts)} days"
        return self._with_calls(replace(none, rows=rows, basis=basis, oldest=moment(span.start)), span)

    def _first_day(self, read: ReadObject, span: Span) -> int:
        """The begin of the first day of a span that has records. Found by halving: a big object gives its newest ones alone."""
        parts = days(span)
        low, high = 0, len(parts) - 1  # the first day with records is not before `low`, and not behind `high`
        while low < high:
            middle = (low + high) // 2
            if self._has_records(read, replace(span, end=parts[middle].end)):
                high = middle
            else:
                low = middle + 1
        return parts[low].start

    def _has_records(self, read: ReadObject, span: Span) -> bool:
        name, time = read.queried.name, read.queried.time
        bounds = f"{time} >= {_literal(span.start)} AND {time} < {_literal(span.end)}"
        self._session.check_budget()
        newest = f"SELECT {time} FROM {name} WHERE {bounds} ORDER BY {time} DESC LIMIT 1"  # noqa: S608 - checked names
        return next(iter(self._session.query(newest)), None) is not None

    def _counted(self, read: ReadObject, span: Span, calls: int) -> tuple[int, int, bool]:
        """Records of a span, the time of the oldest, and whether these are all that there are."""
        time = read.queried.time

        def ask(soql: str) -> Iterator[Record]:
            self._session.check_budget()
            return iter(self._session.query(soql))

        reader = ObjectReader(ask, read.queried, [time], CallBudget(calls))
        seen, oldest, left = 0, span.end, True
        for page in reader.pages([span]):
            times = [at for record in page.records if (at := read_time(record.get(time))) is not None]
            seen += sum(at < oldest for at in times)  # the moment at a page's end is read with the next one again
            oldest, left = min([oldest, *times]), bool(page.unread)
        return seen, oldest, not left

    def _oldest(self, read: ReadObject) -> datetime | None:
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


def _together(parts: Sequence[FeedCost], none: FeedCost) -> FeedCost:
    """What several parts of an object's time cost; `none` where there are no parts."""
    if len(parts) < 2:
        return next(iter(parts), none)
    return replace(
        parts[-1],
        calls=sum(part.calls for part in parts),
        rows=sum(part.rows for part in parts),
        basis=next((part.basis for part in parts if part.basis not in ("", COUNTED)), parts[-1].basis),
        oldest=min((part.oldest for part in parts if part.oldest is not None), default=None),
        is_empty=all(part.is_empty for part in parts),
    )


def _literal(time: int) -> str:
    return moment(time).strftime("%Y-%m-%dT%H:%M:%S.") + f"{time % 1000:03}Z"
