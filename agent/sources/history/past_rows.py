"""Past rows of the org's objects: the audit trail, logins, event log objects, any object with a time."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial

import polars as pl

from agent.errors import Forbidden
from agent.model import Batch, Cursor, TakenOnce
from agent.source import Recall
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
from agent.sources.objects.object_list import ObjectList
from agent.sources.objects.row_news import WORDS, RowNews
from agent.sources.objects.row_object import RowObject
from agent.sources.objects.selected_fields import SelectedFields
from agent.sources.objects.settings import AnyObjectSettings
from agent.sources.objects.source import OUTAGE, RecordNaming
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of
from agent.status.backfill import FeedCost


class PastRows:
    """See `agent.sources.history.past.Past`."""

    def __init__(
        self,
        session: Session,
        settings: AnyObjectSettings,
        live: LiveSource,
        *,
        now: Callable[[], datetime],
        recall: Recall,
        naming: RecordNaming,
        source: str,
    ) -> None:
        """`live`: what the source of these settings has noted; `source`: under which what is told of objects is known."""
        self.name = name_of("", settings).removeprefix("/")
        self._session = session
        self._settings = settings
        self._live = live
        self._now = now
        self._recall = recall
        self._times = ReadTimes(recall, SETTLES)
        self._naming = naming
        self._source = source
        self._list = ObjectList(session, settings, now)
        self._selected = SelectedFields(session, now)
        once = TakenOnce(f"objects/{settings.type}", settings.start + OUTAGE)
        self._kind = RowKind(settings.type, once, self._named)

    def begin_live(self) -> Batch | None:
        """See `Past.begin_live`."""
        org, begin = self._session.org_id, self._now() - self._settings.start
        try:
            reads = [row.read for row in self._list.choice().rows]
        except Forbidden:  # there is none
            return None
        return past_objects.begin_live(org, reads, self._live.recall, begin)

    def cost(self, span: Span) -> Iterator[FeedCost]:
        """See `Past.cost`. Rows are counted by the org."""
        counting = ObjectCost(self._session, self._settings.type, self._now(), self._times)
        try:
            choice = self._list.choice()
        except Forbidden as error:
            yield FeedCost(self._settings.type, self.name, note=str(error.args[0]))
            return
        for row in choice.rows:
            self._session.check_budget()
            try:
                read = self._selected.prepare(row).read
            except UNSEEN as error:
                yield FeedCost(self._settings.type, row.name, note=f"{error.args[0]} ({row.need})")
                continue
            yield counting.of(read, span, since_when(self._live.recall, row.name))
        for name, reason in choice.missing:
            yield FeedCost(self._settings.type, name, note=reason)

    def read(self, span: Span, after: Cursor | None, begins: Mapping[str, int] = NOWHERE) -> Generator[Batch]:
        """See `Past.read`."""
        self._session.check_budget()
        now, org = self._now(), self._session.org_id
        try:
            choice = self._list.choice()
        except Forbidden:  # live collection tells it
            return
        news = RowNews(self._recall, ReadingEvents(WORDS, org, self._source, now), self._selected)
        made = RowBatches(self._kind, self._recall, org)
        reading = ObjectPass(self._session, self._selected, made, news, QueryPosition.of(after), now)
        read: dict[str, Span] = {}
        for row in choice.rows:
            part = part_of(span, since_when(self._live.recall, row.name), begins.get(row.name))
            if part is None:
                continue
            left = self._times.left(row.name, part)
            if reading.position.gaps.get(row.name, left):
                try:
                    yield from self._asked(reading, row, left)
                except UNSEEN as error:  # it is read by the next backfill of this time
                    yield from news.not_read(row.name, str(error))
                    continue
                yield from news.is_read(row.name)
            read[row.name] = part
        yield from past_objects.noting(org, reading, {**made.outdated(now), **self._times.remember(read, now)})

    def _asked(self, reading: ObjectPass, row: RowObject, spans: Sequence[Span]) -> Generator[Batch]:
        read = self._selected.prepare(row).read
        yield from reading.asked_anew(read, partial(reading.past, read, spans))

    def _named(self, frame: pl.DataFrame, org: str, read: ReadObject) -> pl.Series:
        return self._naming(frame, org, read.name, self._selected.object(read.name).named_by)
