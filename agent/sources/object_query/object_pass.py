"""One pass over objects: what is new of each, what was left unread, and what may have become visible late."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from agent.errors import Forbidden, SourceError
from agent.model import Batch
from agent.own_event import rowless
from agent.source import Recall
from agent.sources.object_query.object_news import ObjectNews
from agent.sources.object_query.object_reader import CallBudget, ObjectReader, ReadPage
from agent.sources.object_query.position import ObjectPosition, QueryPosition
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.record_path import Record, flattened
from agent.sources.object_query.row_batches import RowBatches
from agent.sources.object_query.span import Span, milliseconds
from agent.sources.salesforce.api_error import Missing, QueryTimeout, Refused, UnreadableAnswer
from agent.sources.salesforce.session import Session

CALLS = 12
"""Of a poll for one object, and for one gap."""
UNBOUNDED = 1_000_000
"""Calls for a span of the past: who asks for it has said before what it costs."""
ATTEMPTS = 4
"""Of a pass for one object, while the org refuses other fields each time."""
AHEAD = timedelta(minutes=5)
"""The org's clock may be ahead of ours."""
SINCE = "since/"
"""Under which is remembered from when on an object was read, in milliseconds since 1970."""
_MILLISECOND = timedelta(milliseconds=1)

OF_ONE_OBJECT = (Forbidden, Missing, Refused, QueryTimeout, UnreadableAnswer)
"""What is wrong with one object, while others may be read."""


def since_when(recall: Recall, name: str) -> int | None:
    """From when on an object is read, in milliseconds since 1970. `recall`: what its source remembers."""
    known = recall(SINCE + name)
    return int(known) if known is not None and known.isdigit() else None


class KnownFields(Protocol):
    """What an org's describe says of objects; kept for a while."""

    def fields(self, read: ReadObject) -> Mapping[str, str]:
        """The fields that are selected, name to type. Raises Forbidden where one is hidden that must not be."""
        ...

    def refused(self, read: ReadObject, error: Refused) -> bool:
        """The org does not understand a question about them any more. Whether it is worth while to ask again at once."""
        ...


class ObjectPass:
    """Reads objects one by one. `position`: how far reading has come, also with what is yielded and not committed yet."""

    def __init__(
        self,
        session: Session,
        known: KnownFields,
        made: RowBatches,
        news: ObjectNews,
        position: QueryPosition,
        now: datetime,
    ) -> None:
        self.position = self._before = position
        self.now = milliseconds(session.clock.no_later(now))
        self.error: SourceError | None = None
        """The last one."""
        self._session = session
        self._known = known
        self._made = made
        self._news = news
        self._time = now
        self._since: dict[str, bytes | None] = {}
        """When the reading of objects began that were not read before; not yielded yet."""
        self._read = 0
        """Objects and gaps that could be read."""

    def guarded(self, read: ReadObject, batches: Callable[[], Generator[Batch]]) -> Generator[Batch]:
        """What is wrong with this object is told once, and so is its end."""
        try:
            yield from self.asked_anew(read, batches)
        except OF_ONE_OBJECT as error:
            self.error = error
            yield from self._news.not_read(read.name, str(error))
            return
        self._read += 1
        yield from self._news.is_read(read.name)

    def asked_anew(self, read: ReadObject, batches: Callable[[], Generator[Batch]]) -> Generator[Batch]:
        """With other fields where the org refuses some. It names one at a time, its own before those of related objects."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                yield from batches()
            except Refused as error:
                if not self._known.refused(read, error) or attempt == ATTEMPTS:
                    raise
            else:
                return

    def begin(self, read: ReadObject, start: timedelta) -> ObjectPosition:
        """How far an object was read. At the very first start: nothing that is older than `start`, or than the end of what a
        backfill reads of it, which remembered that in our place.
        """
        known = self.position.objects.get(read.name)
        if known is None:
            begin = since_when(self._made.recall, read.name) or self.now - start // _MILLISECOND
            self._since[SINCE + read.name] = str(begin).encode()
            return ObjectPosition(begin, begin + read.overlap // _MILLISECOND)
        if known.high > self.now:  # noted by a clock that has been set back since
            return replace(known, high=self.now, looked=min(known.looked, self.now))
        return known

    def newest(self, read: ReadObject, known: ObjectPosition) -> Generator[Batch]:
        """What is new, and what was left unread; where nothing was, also what may have become visible late."""
        looks_back = not known.unread
        begin = known.looked - read.overlap // _MILLISECOND if looks_back else known.high

        def move(page: ReadPage) -> None:
            # The first answers of a process tell how far ahead this machine is: what it calls now must not count as read.
            now = min(self.now, milliseconds(self._session.clock.no_later(self._time)))
            unread = [replace(span, end=min(span.end, now)) for span in page.unread if span.start < now]
            position = ObjectPosition(now, now if looks_back else min(known.looked, now), unread)
            self.position = self.position.read(read.name, position)

        end = milliseconds(self._time + AHEAD)
        yield from self.pages(read, [*known.unread, Span(begin, end)], move)

    def past(self, read: ReadObject, spans: Sequence[Span]) -> Generator[Batch]:
        """What is in spans that are over, and goes on where the position says that it stopped. Nothing of it is asked for
        again: their ends must be so long ago that no row becomes visible late.
        """
        before = self.position.gaps.get(read.name, spans)

        def move(page: ReadPage) -> None:
            self.position = self.position.filled(read.name, page.unread)

        yield from self.pages(read, before, move, CallBudget(UNBOUNDED))
        self.position = self.position.filled(read.name, [])

    def pages(
        self,
        read: ReadObject,
        spans: Sequence[Span],
        move: Callable[[ReadPage], None],
        calls: CallBudget | None = None,
    ) -> Generator[Batch]:
        """`move`: notes how far reading has come with a page; `calls`: what it may cost."""
        fields = self._known.fields(read)
        yield from self._news.described(read, fields)
        reader = ObjectReader(
            lambda soql: self.ask(soql, fields), read.queried, list(fields), calls or CallBudget(CALLS)
        )
        for page in reader.pages(spans):
            for lost in page.lost:
                yield self._news.gap(read.name, lost, "there are more of them at one moment than a query gives")
            move(page)
            if page.records:
                batch = self._made.batch(
                    read, page.records, fields, self.position.cursor, self._time, self._horizon(read)
                )
                since, self._since = self._since, {}
                yield replace(batch, remember={**since, **batch.remember})
                self._before = self.position

    def _horizon(self, read: ReadObject) -> int | None:
        """To where the next passes go back, which may also end before the overlap of an earlier one is read; None for what
        is read of a gap alone.
        """
        known = self.position.objects.get(read.name)
        if known is None:
            return None
        return min([known.looked - read.overlap // _MILLISECOND, *(span.start for span in known.unread)])

    def ask(self, soql: str, fields: Mapping[str, str]) -> Iterator[Record]:
        """The records of a query, with related fields under their path."""
        self._session.check_budget()
        return flattened(self._session.query(soql), fields)

    def end(self) -> Generator[Batch]:
        """What is left to note. Raises the last error where nothing could be read."""
        forgotten = {**self._since, **self._made.outdated(self._time)}
        if self.position != self._before or forgotten:
            yield rowless(self._session.org_id, self.position.cursor, forgotten)
        if self.error is not None and not self._read:
            raise self.error
