"""Rows of the org's objects, in the order of their time: the audit trail, logins, event log objects, any object.

Each poll reads every object from a while before the last poll on, because rows may become visible late; those that were
taken before are dropped when they are committed (`Batch.once`). What a poll does not reach is kept in the cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import polars as pl

from agent.errors import Forbidden
from agent.model import Batch, Cursor, TakenOnce
from agent.source import Recall
from agent.sources.object_query.asking_pace import AskingPace, objects_a_poll
from agent.sources.object_query.object_pass import ObjectPass
from agent.sources.object_query.position import QueryPosition
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.reading_events import ReadingEvents
from agent.sources.object_query.row_batches import RowBatches, RowKind
from agent.sources.objects.object_list import ObjectList
from agent.sources.objects.row_news import WORDS, RowNews
from agent.sources.objects.row_object import RowObject
from agent.sources.objects.selected_fields import SelectedFields
from agent.sources.objects.settings import AnyObjectSettings, EventLogObjectSettings
from agent.sources.salesforce.api_error import Missing
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of

OUTAGE = timedelta(days=8)
"""So long ids are known by their time; those of rows that are read again, by the position (`overlap_ledger.py`)."""


class RecordNaming(Protocol):
    """The `event.id` (`String`) of each row of a raw frame, for the organisation's id, the object's name and the columns
    that name a row; where there are none, by all its cells (`agent.normalize.vendor_identity.identify_rows`).
    """

    def __call__(self, frame: pl.DataFrame, org: str, event: str, names: Sequence[str]) -> pl.Series: ...


class Differences(Protocol):
    """`agent.sources.objects.snapshots`, which knows itself when it is time to look."""

    def batches(self, now: datetime) -> Generator[Batch]:
        """Nothing, and no call, where it is not. Raises SourceError where the org as a whole does not answer."""
        ...


class ObjectRows:
    """A source (`agent.source.PolledSource`)."""

    def __init__(
        self,
        session: Session,
        settings: AnyObjectSettings,
        *,
        now: Callable[[], datetime],
        recall: Recall,
        naming: RecordNaming,
        differences: Differences | None = None,
    ) -> None:
        """`differences`: what changed among the objects of this source that are compared as a whole; None: it has none."""
        self.name = name_of(session.settings.name, settings)
        self._session = session
        self._settings = settings
        self._now = now
        self._recall = recall
        self._naming = naming
        self._differences = differences
        self._list = ObjectList(session, settings, now)
        self._selected = SelectedFields(session, now)
        self._pace = AskingPace()
        once = TakenOnce(f"objects/{settings.type}", settings.start + OUTAGE)
        self._kind = RowKind(settings.type, once, self._named)

    def read(self, after: Cursor | None) -> Generator[Batch]:
        """See `agent.source.PolledSource`. What is wrong with one object is told, and the others are read."""
        self._session.check_budget()
        now, org = self._now(), self._session.org_id
        choice = self._list.choice()
        news = RowNews(self._recall, ReadingEvents(WORDS, org, self.name, now), self._selected)
        made = RowBatches(self._kind, self._recall, org)
        reading = ObjectPass(self._session, self._selected, made, news, QueryPosition.of(after), now)
        missing = dict(choice.missing)
        yield from news.only({*missing, *(row.name for row in choice.rows)})
        for name, reason in missing.items():
            reading.error = Forbidden(f"{self._session.settings.name}: {name}: {reason}")
            yield from news.not_read(name, reason)
        for row in self._pace.due(choice.rows, now, self._most()):
            yield from reading.guarded(row.read, partial(self._rows, reading, row))
        if self._differences is not None:
            reading.error = None  # its problem is open; the source as a whole goes on
            for batch in self._differences.batches(self._session.clock.no_later(now)):
                yield replace(batch, cursor=reading.position.cursor)
        yield from reading.end()

    def _rows(self, reading: ObjectPass, row: RowObject) -> Generator[Batch]:
        try:
            read = self._selected.prepare(row).read
            for batch in reading.newest(read, reading.begin(read, self._settings.start)):
                if batch.event_type == row.name:
                    self._pace.spoke(row.name, self._now())
                yield batch
        except (Missing, Forbidden) as error:
            if isinstance(error, Forbidden) and not any(code in error.args[0] for code in _UNSEEN):
                raise
            raise Forbidden(str(error.args[0]), hint=f"give the user the permission {row.need}") from error

    def _most(self) -> int | None:
        """How many objects this poll may ask for; None: all."""
        if not isinstance(self._settings, EventLogObjectSettings):
            return None
        budget = self._session.settings.api_budget
        return objects_a_poll(self._session.usage.limit, budget.most_share, self._settings.every)

    def _named(self, frame: pl.DataFrame, org: str, read: ReadObject) -> pl.Series:
        return self._naming(frame, org, read.name, self._selected.object(read.name).named_by)


_UNSEEN = ("INVALID_TYPE", "INSUFFICIENT_ACCESS")
"""What an org says of an object that the user may not see."""
