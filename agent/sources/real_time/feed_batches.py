"""What arrived of a channel as batches; each moves the position of its channel to its last event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent import metrics
from agent.model import Batch
from agent.sources.event_identity import ONCE
from agent.sources.real_time.avro.event_rows import EventRows, RowMaker, StreamedEvent
from agent.sources.real_time.catalogue import SERVICE
from agent.sources.real_time.channel_feed import ChannelFeed
from agent.sources.real_time.stream_news import StreamNews
from agent.sources.real_time.stream_parts import StreamParts

BATCH_BYTES = 4 << 20
"""Of payloads in a batch."""


class FeedBatches:
    """Of one source."""

    def __init__(self, parts: StreamParts, org: str, news: StreamNews) -> None:
        """`org`: the organisation's id."""
        self._parts = parts
        self._org = org
        self._news = news

    def of(self, feed: ChannelFeed) -> Iterator[Batch]:
        """All that arrived of a channel. When a batch is yielded, the position is behind it."""
        events, latest = feed.take()
        maker = RowMaker(self._org, SERVICE, feed.channel, feed.event.name, self._parts.naming)
        for part in _parts(events):
            made = maker.rows(part, feed.since)
            self._move(feed, part[-1].replay_id, made)
            if made.frame.height or made.rejections:
                yield self._batch(feed, made)
        if latest:  # nothing came up to now
            feed.move(latest, self._parts.milliseconds())
            self._news.has_moved = True

    def _move(self, feed: ChannelFeed, replay_id: bytes, made: EventRows) -> None:
        now = self._parts.milliseconds()
        # An event's time is its org's word: one from the future would hide a gap.
        feed.move(replay_id, min(made.newest or now, now))
        self._news.has_moved = True
        metrics.STREAM_EVENTS.labels(self._parts.name, feed.channel).inc(made.frame.height + len(made.rejections))
        if made.newest is not None:
            feed.lag = max(0.0, (now - made.newest) / 1000)
            metrics.STREAM_LAG.labels(self._parts.name, feed.channel).set(feed.lag)

    def _batch(self, feed: ChannelFeed, made: EventRows) -> Batch:
        if made.frame.height:
            self._news.rows(feed)
        coverage = feed.coverage
        remember = {} if coverage.is_remembered else {coverage.key: coverage.value}
        coverage.is_remembered = True
        return Batch(
            org=self._org,
            source=SERVICE,
            event_type=feed.channel,
            frame=made.frame,
            remember=remember,
            rejections=made.rejections,
            input=feed.channel,
            once=ONCE,
        )


def _parts(events: Sequence[StreamedEvent]) -> Iterator[Sequence[StreamedEvent]]:
    """Consecutive events of `BATCH_BYTES` together, or one that is longer."""
    begin, size = 0, 0
    for number, event in enumerate(events):
        if number > begin and size + event.size > BATCH_BYTES:
            yield events[begin:number]
            begin, size = number, 0
        size += event.size
    if begin < len(events):
        yield events[begin:]
