"""What was streamed beside what is stored, hour by hour, some time behind: what the stream did not bring is late.

Of an hour each stored record is read once, and counts for its day with the batch that brings it: those whose ids were
taken before are dropped at the commit as ever, and were in time. How far an event is compared is remembered under
`compared/<event>`, JSON `{"to", "until", "unread": [span, …]}`, times in milliseconds: everything up to `to`, and of the time up
to `until` all but the spans.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import orjson

from agent.model import Batch, DayCount
from agent.own_event import rowless
from agent.source import Recall
from agent.sources.object_query.object_reader import CallBudget, ObjectReader
from agent.sources.object_query.queried_object import QueriedObject, ReadObject
from agent.sources.object_query.record_path import Record
from agent.sources.object_query.row_batches import RowBatches
from agent.sources.object_query.span import Span, milliseconds, moment, read_time
from agent.sources.stored_events.stored_news import StoredNews

CALLS = 12
"""Of a poll for one event. An hour is one as a rule, and so is a whole day that is caught up with."""
DUE = timedelta(hours=12)
"""After a day and the time that is waited for each hour of it."""
COMPARED, OPENED = "compared/", "comparing/"
"""Under which is remembered how far an event is compared, and the last day whose comparison was begun."""
HIDDEN = "its EventIdentifier is hidden from the user"
_HOUR = 3_600_000
_DAY = 24 * _HOUR


@dataclass(frozen=True, slots=True)
class ComparedTime:
    """Of one event, in milliseconds since 1970."""

    to: int
    until: int
    unread: Sequence[Span] = ()

    @classmethod
    def of(cls, stored: bytes | None) -> ComparedTime | None:
        """None for what cannot be read: then it begins anew."""
        try:
            document = orjson.loads(stored or b"")
            unread = [Span.of(span) for span in document["unread"]]
            return cls(int(document["to"]), int(document["until"]), unread)
        except (ValueError, TypeError, KeyError):
            return None

    @property
    def text(self) -> bytes:
        return orjson.dumps({"to": self.to, "until": self.until, "unread": [span.told() for span in self.unread]})


class Reconciliation:
    """Of one pass."""

    def __init__(
        self,
        recall: Recall,
        made: RowBatches,
        news: StoredNews,
        ask: Callable[[str, Mapping[str, str]], Iterator[Record]],
        org: str,
        now: datetime,
        behind: timedelta,
        start: timedelta,
    ) -> None:
        """`behind`: how long after its end an hour is compared; `start`: how far back the first one may be."""
        self._recall = recall
        self._made = made
        self._news = news
        self._ask = ask
        self._org = org
        self._now = now
        self._behind = behind
        self._oldest = milliseconds(now - start)
        self._due = milliseconds(now - behind) // _HOUR * _HOUR
        """Hours up to here are to be compared."""

    def is_due(self, event: ReadObject, streamed_from: int) -> bool:
        """Whether there is an hour to compare. `streamed_from`: since when the event is streamed."""
        return self._known(event, streamed_from).to < self._due

    def batches(self, event: ReadObject, fields: Mapping[str, str], streamed_from: int) -> Generator[Batch]:
        """What is due of an event, as far as the calls of a poll go. Raises what `ask` raises."""
        known, calls = self._known(event, streamed_from), CallBudget(CALLS)
        named = event.queried.key in fields
        while known.to < self._due and calls.left > 0:
            yield from self._opened(event, known.to, "" if named else HIDDEN)
            if known.until <= known.to:  # up to midnight: figures are of a day
                until = min(self._due, known.to // _DAY * _DAY + _DAY)
                known = ComparedTime(known.to, until, [Span(known.to, until)])
            if not named:  # it would all come twice
                known = ComparedTime(known.until, known.until)
                yield self._nothing({COMPARED + event.name: known.text})
                continue
            yield from self._pages(event, fields, known, calls)
            known = self._known(event, streamed_from)

    def _known(self, event: ReadObject, streamed_from: int) -> ComparedTime:
        known = ComparedTime.of(self._recall(COMPARED + event.name))
        if known is not None:
            return known
        begin = -(-max(streamed_from, self._oldest) // _HOUR) * _HOUR
        return ComparedTime(begin, begin)

    def _pages(
        self, event: ReadObject, fields: Mapping[str, str], known: ComparedTime, calls: CallBudget
    ) -> Generator[Batch]:
        """A batch for each page, which remembers how far the event is compared with it."""
        reader = ObjectReader(lambda soql: self._ask(soql, fields), event.queried, list(fields), calls)
        for page in reader.pages(known.unread):
            for lost in page.lost:
                yield self._news.gap(event.name, lost, "storage holds more of them at one moment than a query gives")
            records = [
                record
                for record in page.records
                if not any(_holds(span, record, event.queried) for span in page.unread)
            ]
            begin = known.to
            known = ComparedTime(begin if page.unread else known.until, known.until, page.unread)
            hours = 0 if page.unread else (known.until - begin) // _HOUR
            count = self._count(event, begin, hours=hours)
            remember = {COMPARED + event.name: known.text}
            if not records:
                yield replace(self._nothing(remember), count=count)
                continue
            batch = self._made.batch(event, records, fields, None, self._now)
            yield replace(batch, remember={**batch.remember, **remember}, time_flags=("late",), count=count)

    def _opened(self, event: ReadObject, begin: int, reason: str) -> Generator[Batch]:
        """That a day is to be compared, before anything is asked: so that it is missed if it cannot be."""
        day = moment(begin).date().isoformat().encode()
        if self._recall(OPENED + event.name) != day:
            opened = self._nothing({OPENED + event.name: day})
            yield replace(opened, count=self._count(event, begin, reason=reason))

    def _count(self, event: ReadObject, begin: int, hours: int = 0, reason: str = "") -> DayCount:
        midnight = datetime.fromtimestamp(begin // _DAY * 86_400, UTC)
        return DayCount(
            day=midnight.date(),
            feed=event.name,
            due=midnight + timedelta(days=1) + self._behind + DUE,
            compares=True,
            from_hour=begin % _DAY // _HOUR,
            hours=hours,
            reason=reason,
        )

    def _nothing(self, remember: Mapping[str, bytes | None]) -> Batch:
        return rowless(self._org, remember=remember)


def _holds(span: Span, record: Record, queried: QueriedObject) -> bool:
    """Whether a record comes again when a span is read: a full page may end in the middle of a moment."""
    time = read_time(record.get(queried.time))
    if time is None or not span.start <= time < span.end:
        return False
    if span.after:
        return time > span.start or str(record.get("Id")) > span.after
    key = str(record.get(queried.key))
    return not span.prefix or (key >= span.low and (not span.high or key < span.high))
