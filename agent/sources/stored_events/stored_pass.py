"""One pass over the events that an org stores, and over what its streams missed of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from agent.errors import Forbidden
from agent.model import Batch
from agent.source import Recall
from agent.sources.event_identity import ONCE, EventNaming
from agent.sources.object_query.asking_pace import AskingPace, objects_a_poll
from agent.sources.object_query.object_pass import CALLS, ObjectPass
from agent.sources.object_query.object_reader import CallBudget, ReadPage
from agent.sources.object_query.position import ObjectPosition, QueryPosition
from agent.sources.object_query.queried_object import ReadObject
from agent.sources.object_query.reading_events import ReadingEvents
from agent.sources.object_query.row_batches import RowBatches, RowKind
from agent.sources.real_time.catalogue import SERVICE
from agent.sources.salesforce.session import Session
from agent.sources.stored_events.reconciliation import Reconciliation
from agent.sources.stored_events.settings import StoredEventsSettings
from agent.sources.stored_events.stored_news import WORDS, StoredNews, UnfilledGap
from agent.sources.stored_events.stored_objects import StoredObjects
from agent.sources.stored_events.stream_record import MissedSpan, StreamRecord

CALLS_FOR_GAPS = 120
"""Of a poll for all gaps."""
MISSING = "the org does not store it; switch storing on in Setup > Event Manager, or remove it from `events`"


@dataclass(frozen=True, slots=True)
class PassParts:
    """What all passes of a source share."""

    source: str
    """Its name."""
    session: Session
    settings: StoredEventsSettings
    objects: StoredObjects
    stream: StreamRecord
    recall: Recall
    naming: EventNaming
    pace: AskingPace


class StoredPass:
    """One pass of a source."""

    def __init__(self, parts: PassParts, position: QueryPosition, now: datetime) -> None:
        org, naming = parts.session.org_id, parts.naming
        self._parts = parts
        self._now = now
        self._stream = parts.stream
        self._news = StoredNews(parts.recall, ReadingEvents(WORDS, org, parts.source, now))
        rows = RowKind(SERVICE, ONCE, lambda frame, org, read: naming(frame, org, read.name))
        made = RowBatches(rows, parts.recall, org)
        self._pass = ObjectPass(parts.session, parts.objects, made, self._news, position, now)
        self._reconciliation = Reconciliation(
            parts.recall,
            made,
            self._news,
            self._pass.ask,
            org,
            now,
            parts.settings.reconcile_after,
            parts.settings.start,
        )

    def batches(self) -> Generator[Batch]:
        """Of all events, then of the gaps. Raises the last error where nothing could be read."""
        objects = self._parts.objects
        stored, missing = objects.events(), [event.name for event in objects.missing()]
        if not stored:
            self._pass.error = Forbidden(
                f"{self._parts.session.settings.name}: the org stores no real-time event that this user can query",
                hint="switch storing on in Setup > Event Manager, and give the user View Real-Time Event Monitoring Data",
            )
        events = [event for event in stored if not self._stream.streams(event.name, self._pass.now)]
        compared = self._compared(stored)
        yield from self._news.only({*missing, *(event.name for event in (*events, *compared))})
        for name in missing:
            yield from self._news.not_read(name, MISSING)
        for event in self._due(events):
            yield from self._pass.guarded(event, partial(self._newest, event))
        yield from self._gaps({event.name: event for event in stored})
        for event, streamed_from in compared.items():
            if self._reconciliation.is_due(event, streamed_from):
                yield from self._pass.guarded(event, partial(self._compare, event, streamed_from))
        yield from self._pass.end()

    def _due(self, events: Sequence[ReadObject]) -> list[ReadObject]:
        """Those that are asked for now: where the org's allowance is small, they take turns."""
        session, every = self._parts.session, self._parts.settings.every
        most = objects_a_poll(session.usage.limit, session.settings.api_budget.most_share, every)
        return self._parts.pace.due(events, self._now, most)

    def _newest(self, event: ReadObject) -> Generator[Batch]:
        for batch in self._pass.newest(event, self._known(event)):
            if batch.event_type == event.name:
                self._parts.pace.spoke(event.name, self._now)
            yield batch

    def _known(self, event: ReadObject) -> ObjectPosition:
        """How far an event was read, by us or by its stream."""
        known, now = self._pass.begin(event, self._parts.settings.start), self._pass.now
        covered_to = self._stream.covered_to(event.name)
        if covered_to is not None and covered_to > known.high:
            known = replace(known, high=min(covered_to, now), looked=min(covered_to, now))
        return known

    # What was streamed

    def _compared(self, stored: Sequence[ReadObject]) -> dict[ReadObject, int]:
        """Events that are streamed and stored, each with when its stream began."""
        if not self._parts.settings.reconcile:
            return {}
        found = {event: self._stream.covered_from(event.name) for event in stored}
        return {event: begin for event, begin in found.items() if begin is not None}

    def _compare(self, event: ReadObject, streamed_from: int) -> Generator[Batch]:
        fields = self._parts.objects.fields(event)
        yield from self._news.described(event, fields)
        yield from self._reconciliation.batches(event, fields, streamed_from)

    # Gaps of the stream

    def _gaps(self, events: Mapping[str, ReadObject]) -> Generator[Batch]:
        """What cannot be filled is told in one event: after an outage that may be all that the org streams."""
        gaps = list(self._stream.gaps())
        self._pass.position = self._pass.position.keeping([gap.key for gap in gaps])
        open_gaps = [gap for gap in gaps if self._pass.position.gaps.get(gap.key, [gap.span])]
        left, unfilled = CALLS_FOR_GAPS, list[UnfilledGap]()
        for gap in open_gaps:
            event = events.get(gap.event)
            if event is None:
                reason = f"{gap.event} is not among the stored events that are read"
                unfilled.append(UnfilledGap(gap.key, gap.event, gap.span, reason))
            elif left > 0:
                calls = CallBudget(min(CALLS, left))
                left -= calls.left
                yield from self._pass.guarded(event, partial(self._fill, gap, event, calls, unfilled))
                left += calls.left
        for told, batch in self._news.gaps(unfilled):
            # Only now: a batch in between would commit that they are done before anybody knows of them.
            for gap_done in told:
                self._pass.position = self._pass.position.filled(gap_done.key, [])
            yield replace(batch, cursor=self._pass.position.cursor)

    def _fill(
        self, gap: MissedSpan, event: ReadObject, calls: CallBudget, unfilled: list[UnfilledGap]
    ) -> Generator[Batch]:
        """`unfilled`: what it is added to where the org stores nothing at all of the event."""
        rows, before = 0, self._pass.position.gaps.get(gap.key, [gap.span])

        def move(page: ReadPage) -> None:
            nonlocal rows
            rows += len(page.records)
            self._pass.position = self._pass.position.filled(gap.key, page.unread)

        yield from self._pass.pages(event, before, move, calls)
        if self._pass.position.gaps.get(gap.key, before):
            return
        newest = f"SELECT {event.queried.time} FROM {event.queried.name} ORDER BY {event.queried.time} DESC LIMIT 1"  # noqa: S608 - checked names
        if not rows:
            done = self._pass.position
            self._pass.position = done.filled(gap.key, before)  # the question may fail
            calls.left -= 1
            if not list(self._pass.ask(newest, {})):
                unfilled.append(UnfilledGap(gap.key, gap.event, gap.span, f"nothing is stored in {event.queried.name}"))
                return
            self._pass.position = done
        yield replace(self._news.gap_filled(gap.event, gap.span), cursor=self._pass.position.cursor)
