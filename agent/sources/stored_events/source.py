"""Real-time events from the objects that store them: those that no stream brings, and what a stream missed.

Each poll reads every event from a while before the last poll on (`overlap`), because rows may be stored late; those that
were taken before, also by the stream, are dropped when they are committed (`Batch.once`). Calls are bounded: what a poll
does not reach is kept in the cursor as spans of time, and read by the next ones.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime

from agent.model import Batch, Cursor
from agent.source import Recall
from agent.sources.event_identity import EventNaming
from agent.sources.object_query.asking_pace import AskingPace
from agent.sources.object_query.position import QueryPosition
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of
from agent.sources.stored_events.settings import StoredEventsSettings
from agent.sources.stored_events.stored_objects import StoredObjects
from agent.sources.stored_events.stored_pass import PassParts, StoredPass
from agent.sources.stored_events.stream_record import StreamRecord


class EventStorage:
    """A source (`agent.source.PolledSource`)."""

    def __init__(
        self,
        session: Session,
        settings: StoredEventsSettings,
        *,
        now: Callable[[], datetime],
        recall: Recall,
        naming: EventNaming,
        stream: StreamRecord,
    ) -> None:
        """`stream`: what the org's source of streamed events remembers of itself."""
        self.name = name_of(session.settings.name, settings)
        self._session = session
        self._now = now
        self._objects = StoredObjects(session, settings.events, settings.overlap, now)
        self._parts = PassParts(self.name, session, settings, self._objects, stream, recall, naming, AskingPace())

    def read(self, after: Cursor | None) -> Generator[Batch]:
        """See `agent.source.PolledSource`. What is wrong with one event is told, and the others are read."""
        self._session.check_budget()
        self._objects.refresh()
        yield from StoredPass(self._parts, QueryPosition.of(after), self._now()).batches()
