"""Past real-time events, from the objects that store them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import datetime
from functools import partial

from agent.model import Batch, Cursor
from agent.source import Recall
from agent.sources.event_identity import ONCE, EventNaming
from agent.sources.history import past_objects
from agent.sources.history.past import NOWHERE, LiveSource
from agent.sources.history.past_objects import SETTLES, UNSEEN, ObjectCost, part_of
from agent.sources.history.read_times import ReadTimes
from agent.sources.object_query.object_pass import ObjectPass, since_when
from agent.sources.object_query.position import QueryPosition
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.reading_events import ReadingEvents
from agent.sources.object_query.row_batches import RowBatches, RowKind
from agent.sources.object_query.span import Span
from agent.sources.real_time.catalogue import SERVICE
from agent.sources.salesforce.session import Session
from agent.sources.stored_events.settings import StoredEventsSettings
from agent.sources.stored_events.stored_news import WORDS, StoredNews
from agent.sources.stored_events.stored_objects import StoredObjects
from agent.status.backfill import FeedCost

MISSING = "the org does not store it"


class PastEvents:
    """See `agent.sources.history.past.Past`."""

    name = "stored_events"

    def __init__(
        self,
        session: Session,
        settings: StoredEventsSettings,
        live: LiveSource,
        *,
        now: Callable[[], datetime],
        recall: Recall,
        naming: EventNaming,
        streamed_since: Callable[[str], int | None],
        source: str,
    ) -> None:
        """`live`: what the source of these settings has noted; `streamed_since`: from when on an event was streamed, in
        milliseconds since 1970, None where it never was; `source`: under which what is told of events is known.
        """
        self._session = session
        self._settings = settings
        self._live = live
        self._now = now
        self._recall = recall
        self._times = ReadTimes(recall, SETTLES)
        self._streamed_since = streamed_since
        self._source = source
        self._objects = StoredObjects(session, settings.events, settings.overlap, now)
        self._kind = RowKind(SERVICE, ONCE, lambda frame, org, read: naming(frame, org, read.name))

    def begin_live(self) -> Batch | None:
        """See `Past.begin_live`."""
        org, begin = self._session.org_id, self._now() - self._settings.start
        self._objects.refresh()
        reads = [event for event in self._objects.events() if self._streamed_since(event.name) is None]
        return past_objects.begin_live(org, reads, self._live.recall, begin)

    def cost(self, span: Span) -> Iterator[FeedCost]:
        """See `Past.cost`."""
        self._objects.refresh()
        counting = ObjectCost(self._session, self._settings.type, self._now(), self._times)
        for event in self._objects.events():
            self._session.check_budget()
            yield counting.of(event, span, self._begin(event))
        for missing in self._objects.missing():
            yield FeedCost(self._settings.type, missing.name, note=MISSING)

    def read(self, span: Span, after: Cursor | None, begins: Mapping[str, int] = NOWHERE) -> Generator[Batch]:
        """See `Past.read`."""
        self._session.check_budget()
        self._objects.refresh()
        now, org = self._now(), self._session.org_id
        news = StoredNews(self._recall, ReadingEvents(WORDS, org, self._source, now))
        made = RowBatches(self._kind, self._recall, org)
        reading = ObjectPass(self._session, self._objects, made, news, QueryPosition.of(after), now)
        read: dict[str, Span] = {}
        for event in self._objects.events():
            part = part_of(span, self._begin(event), begins.get(event.name))
            if part is None:
                continue
            left = self._times.left(event.name, part)
            if reading.position.gaps.get(event.name, left):
                try:
                    yield from reading.asked_anew(event, partial(reading.past, event, left))
                except UNSEEN as error:  # it is read by the next backfill of this time
                    yield from news.not_read(event.name, str(error))
                    continue
                yield from news.is_read(event.name)
            read[event.name] = part
        yield from past_objects.noting(org, reading, {**made.outdated(now), **self._times.remember(read, now)})

    def _begin(self, event: ReadObject) -> int | None:
        """From when on live collection has an event, by its object or by its stream."""
        known = (since_when(self._live.recall, event.name), self._streamed_since(event.name))
        return min((begin for begin in known if begin is not None), default=None)
