"""How the stream of a channel begins: behind what was read, with what happens from now on, or with the earliest event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.pubsub_api.pubsub_api_pb2 import CUSTOM, EARLIEST, LATEST, FetchRequest
from agent.sources.real_time.catalogue import event_of
from agent.sources.real_time.channel_feed import ChannelFeed
from agent.sources.real_time.coverage import Coverage, StreamGap
from agent.sources.real_time.pace import RETENTION
from agent.sources.real_time.stream_cursor import ReplayPosition
from agent.sources.real_time.stream_news import StreamNews, failing_key, withdrawn_key
from agent.sources.real_time.stream_parts import StreamParts
from agent.sources.real_time.wire.access import Access
from agent.sources.real_time.wire.connection import PubSubConnection, topic_of
from agent.sources.real_time.wire.failure import StreamFailure
from agent.sources.real_time.wire.inbox import Inbox
from agent.sources.real_time.wire.subscription import Subscription

LENIENCE = 3_600_000
"""Milliseconds: a replay id that is older than the retention by less is tried; Salesforce may keep a little more than it says."""
SKEW = 60_000
"""Milliseconds by which the org's clock may differ from ours."""
PUBLISHED_WITHIN = 300_000
"""Milliseconds from an event to its publication, at most as a rule: it may come behind a response that said that nothing came."""


class ChannelOpenings:
    """Of one run."""

    def __init__(
        self, parts: StreamParts, connection: PubSubConnection, inbox: Inbox, positions: Mapping[str, ReplayPosition]
    ) -> None:
        self.news: StreamNews | None = None
        """To whom is reported what is lost."""
        self._parts = parts
        self._connection = connection
        self._inbox = inbox
        self._positions = positions

    def feed(self, channel: str, at: float) -> ChannelFeed:
        """A channel that is to be opened."""
        event, recall = event_of(channel), self._parts.recall
        coverage = Coverage(event.name, recall(f"covered/{event.name}"))
        position = self._positions.get(channel)
        if position is not None and not coverage.spans:  # an end within the first minute
            coverage.begin(position.time)
        feed = ChannelFeed(channel, event, position, coverage, at)
        feed.is_failing = recall(failing_key(channel)) is not None
        feed.is_withdrawn = recall(withdrawn_key(channel)) is not None
        return feed

    def open(self, feed: ChannelFeed, access: Access) -> Subscription:
        """Begin its stream."""
        first = FetchRequest(topic_name=topic_of(feed.channel), num_requested=feed.credits)
        if feed.position is None:
            first.replay_preset = LATEST if self._parts.settings.start == "latest" else EARLIEST
        elif feed.position.replay_id and self._age(feed.position) <= RETENTION + LENIENCE:
            first.replay_preset, first.replay_id = CUSTOM, feed.position.replay_id
        else:
            first.replay_preset = EARLIEST
        feed.is_from_earliest = first.replay_preset == EARLIEST
        return self._connection.subscribe(first, access, self._inbox)

    def note(self, feed: ChannelFeed) -> None:
        """Its stream is open: where it begins with what happens from now on, this moment is remembered, for a restart before the
        first event must not begin later.
        """
        if feed.position is None and self._parts.settings.start == "latest":
            now = self._parts.milliseconds()
            feed.position = ReplayPosition(now, since=now - SKEW)
            feed.coverage.begin(now)
            if self.news is not None:
                self.news.has_moved = self.news.is_urgent = True

    def note_response(self, feed: ChannelFeed) -> None:
        """Its stream brings something: where that is from the earliest event on, what lies between the position and that event is
        lost. Only now, for until the other side began to read, more events may have left its retention.
        """
        is_first = feed.is_from_earliest and not feed.is_heard
        if is_first and feed.position is not None and self._age(feed.position) > RETENTION - SKEW:
            self._lose(feed, feed.position)

    def restart(self, feed: ChannelFeed, failure: StreamFailure) -> bool:
        """The replay id is refused: from the earliest event on. That is the choice for it may repeat what `TakenOnce` leaves out,
        and the other one, with the latest, would lose what happened since. False where no replay id was sent.
        """
        position = feed.position
        if position is None or not position.replay_id:
            return False
        feed.position = replace(position, replay_id=b"")
        if self.news is not None:
            self.news.replay_id_refused(feed, failure)
        return True

    def _age(self, position: ReplayPosition) -> int:
        """In milliseconds."""
        return self._parts.milliseconds() - position.time

    def _lose(self, feed: ChannelFeed, position: ReplayPosition) -> None:
        """What happened since then and is older than the retention is not streamed any more. By the org's clock that may be a
        little later than by ours; whoever fills the gap takes nothing twice.
        """
        end = self._parts.milliseconds() - RETENTION + SKEW
        feed.position = ReplayPosition(end)
        feed.coverage.begin(end)
        if self.news is not None:
            self.news.gap(feed, StreamGap(feed.event.name, position.time - PUBLISHED_WITHIN, end))
