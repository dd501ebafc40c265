"""Real-time events of an org, as they happen: all channels that it offers, over one connection to the Pub/Sub API.

Each channel has a replay id of its own in the cursor, which moves with the batches that are handed over, and while nothing
comes with the empty responses that Salesforce sends. Channels are independent: one that fails is opened again while the
others go on; only when none works the source ends with SourceError.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from agent.errors import LimitExceeded, NotReady, SettingsError
from agent.model import Batch, Cursor
from agent.source import Idle, Recall
from agent.sources.event_identity import EventNaming
from agent.sources.real_time.discovery import Discovery, discover, look_up
from agent.sources.real_time.pace import StreamPace
from agent.sources.real_time.settings import RealTimeSettings
from agent.sources.real_time.stream_cursor import decode
from agent.sources.real_time.stream_news import CHANNELS
from agent.sources.real_time.stream_parts import StreamParts
from agent.sources.real_time.stream_run import StreamRun
from agent.sources.real_time.wire.access import Access
from agent.sources.real_time.wire.connection import PubSubConnection
from agent.sources.salesforce.session import Session
from agent.sources.source_name import name_of
from agent.status_document import FeedStatus


class RealTime:
    """A source (`agent.source.ContinuousSource`)."""

    def __init__(
        self,
        session: Session,
        settings: RealTimeSettings,
        *,
        now: Callable[[], datetime],
        recall: Recall,
        naming: EventNaming,
        steady: Callable[[], float] = time.monotonic,
        pace: StreamPace | None = None,
    ) -> None:
        self.name = name_of(session.settings.name, settings)
        self._parts = StreamParts(self.name, session, settings, now, steady, recall, naming, pace or StreamPace())
        self._run: StreamRun | None = None
        # What follows saves calls; losing it at a restart loses nothing.
        self._found: tuple[float, Discovery] | None = None

    def stream(self, after: Cursor | None, stop: threading.Event) -> Generator[Batch | Idle]:
        """See `agent.source.ContinuousSource`."""
        positions, session = decode(after), self._parts.session
        try:
            connection = PubSubConnection(self._parts.settings.endpoint, session.settings.tls, session.settings.proxy)
        except SettingsError as error:
            raise NotReady(f"{self.name}: {error.args[0]}", hint=error.hint) from error
        run = StreamRun(self._parts, connection, positions, lambda recent: self._discover(connection, recent), stop)
        self._run = run
        try:
            yield from run.items()
        finally:
            self._run = None
            run.close()
            connection.close()

    def feeds(self) -> Sequence[FeedStatus]:
        """How each channel is; from any thread."""
        run = self._run
        return run.feeds if run is not None else ()

    @property
    def held(self) -> int:
        """Messages that arrived and were not looked at yet; from any thread."""
        run = self._run
        return run.held if run is not None else 0

    def _discover(self, connection: PubSubConnection, recent: bool) -> Discovery:
        """In the thread of an errand. `recent`: whether an answer that is not older than `every` will do."""
        parts, at = self._parts, self._parts.steady()
        if recent and self._found is not None and at - self._found[0] < parts.settings.every.total_seconds():
            return replace(self._found[1], access=Access(parts.session.token()))
        found = discover(parts.session, connection, self._names(), parts.settings.events)
        self._found = (at, found)
        return found

    def _names(self) -> frozenset[str]:
        """Of the org's objects; where its API calls are used up, of the channels that it offered last: streams cost none."""
        try:
            self._parts.session.check_budget()
            return look_up(self._parts.session)
        except LimitExceeded:
            stored = self._parts.recall(CHANNELS)
            if stored is None:
                raise
            return frozenset(orjson.loads(stored))
