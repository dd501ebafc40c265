"""From one start of the stream source to its end: what arrives is handed over, what ended is opened again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import wait
from dataclasses import replace

import structlog

from agent import metrics
from agent.errors import SourceError
from agent.model import Batch, Cursor
from agent.own_event import rowless
from agent.source import Idle
from agent.sources.real_time.channel_feed import ChannelFeed
from agent.sources.real_time.channel_openings import ChannelOpenings
from agent.sources.real_time.discovery import NOT_PERMITTED, Discovery
from agent.sources.real_time.errands import Errands
from agent.sources.real_time.feed_batches import FeedBatches
from agent.sources.real_time.outage import outage
from agent.sources.real_time.renewals import Renewals
from agent.sources.real_time.stream_cursor import ReplayPosition, encode
from agent.sources.real_time.stream_news import StreamNews
from agent.sources.real_time.stream_parts import StreamParts
from agent.sources.real_time.wire.access import Access
from agent.sources.real_time.wire.connection import CLOSE_WITHIN, PubSubConnection
from agent.sources.real_time.wire.event_loop import shared_loop
from agent.sources.real_time.wire.failure import StreamFailure
from agent.sources.real_time.wire.inbox import Arrival, Ended, ErrandDone, Inbox, Message, Opened
from agent.status_document import FeedStatus

log = structlog.get_logger()

DISCOVER, RENEW = "discover", "renew"
FORGOTTEN_AFTER = 30 * 86_400_000
"""Milliseconds after which the position of a channel that the org does not offer any more is forgotten."""


class StreamRun:
    """Used by one thread, but for `feeds` and `held`."""

    def __init__(
        self,
        parts: StreamParts,
        connection: PubSubConnection,
        positions: dict[str, ReplayPosition],
        discover: Callable[[bool], Discovery],
        stop: threading.Event,
    ) -> None:
        """`positions`: by channel. `discover` asks the org for its channels; its argument says whether an answer of a moment ago
        will do.
        """
        self.feeds: tuple[FeedStatus, ...] = ()
        """How each channel is, as of the last look."""
        self._parts = parts
        self._pace = parts.pace
        self._discover = discover
        self._stop = stop
        self._inbox = Inbox(shared_loop())
        self._errands = Errands(parts.name, self._inbox)
        self._feeds: dict[str, ChannelFeed] = {}
        self._by_stream: dict[object, ChannelFeed] = {}
        self._openings = ChannelOpenings(parts, connection, self._inbox, positions)
        self._positions = positions
        self._access: Access | None = None
        self._renewals = Renewals(parts.pace.renew)
        self._discover_at: float | None = None
        self._noted_at = parts.steady()
        self._handed_at: float | None = None
        """When the first of the rows was handed over that no `Idle` followed."""
        self._news: StreamNews | None = None
        self._batches: FeedBatches | None = None

    @property
    def held(self) -> int:
        """Messages that arrived and were not looked at yet."""
        return len(self._inbox)

    def items(self) -> Generator[Batch | Idle]:
        """See `agent.source.ContinuousSource.stream`."""
        self._errands.start(DISCOVER, lambda: self._discover(True))
        while not self._stop.is_set():
            messages = self._inbox.take(self._patience(), self._pace.company)
            if self._stop.is_set():
                return
            for message in messages:
                self._handle(message)
            yield from self._told()  # before rows whose position lies beyond a gap
            for batch in self._rows():
                self._handed_at = self._handed_at or self._parts.steady()
                yield batch
                if self._stop.is_set():
                    return
            self._go_on()
            yield from self._own_batches()
            self._end_if_down()
            if self._is_idle():
                self._handed_at = None
                yield Idle()

    def close(self) -> None:
        """End all streams, and wait until they are given up."""
        streams = [feed.subscription.cancel() for feed in self._feeds.values() if feed.subscription is not None]
        wait(streams, CLOSE_WITHIN)

    # What arrives

    def _patience(self) -> float:
        at = self._parts.steady()
        dues = [feed.due for feed in self._feeds.values() if feed.due is not None]
        if self._handed_at is not None:
            dues.append(self._handed_at + self._pace.hold)
        return min([self._pace.idle, *(max(due - at, 0.0) for due in dues)])

    def _handle(self, message: Message) -> None:
        if isinstance(message, ErrandDone):
            self._errand_done(message)
            return
        feed = self._by_stream.get(message.stream)
        if feed is None:  # of a stream that was given up
            return
        at = self._parts.steady()
        match message:
            case Opened():
                self._openings.note(feed)
                feed.note_open(at)
            case Arrival():
                now = self._parts.now()
                self._openings.note_response(feed)
                feed.arrive(message, at, now)
                metrics.STREAM_LAST_MESSAGE.labels(self._parts.name, feed.channel).set(now.timestamp())
            case Ended():
                self._ended(feed, message.failure, at)

    def _ended(self, feed: ChannelFeed, failure: StreamFailure, at: float) -> None:
        """Decide what follows the end of a stream."""
        self._by_stream.pop(feed.subscription, None)
        used = feed.subscription.access if feed.subscription is not None else None
        metrics.STREAM_RECONNECTS.labels(self._parts.name, feed.channel, failure.reason).inc()
        log.info("stream ended", source=self._parts.name, channel=feed.channel, reason=str(failure))
        if failure.remedy == "replay" and self._openings.restart(feed, failure):
            feed.end(failure, at, pause=feed.attempts > 1)
            return
        feed.end(failure, at)
        if failure.remedy == "renew" and used is self._access and self._renewals.allows(feed, at):
            feed.due = None
            self._renew(used)

    def _renew(self, used: Access | None) -> None:
        session = self._parts.session
        stale = used.token if used is not None else None
        self._errands.start(RENEW, lambda: Access(session.token(stale=stale)))

    def _errand_done(self, done: ErrandDone) -> None:
        """Raises what kept an errand from being done, where nothing works without."""
        self._errands.finish(done.errand)
        at = self._parts.steady()
        if done.error is not None:
            if done.errand == DISCOVER and self._access is not None and isinstance(done.error, SourceError):
                log.warning("channels are not looked up", source=self._parts.name, reason=str(done.error))
                metrics.POLLS_FAILED.labels(self._parts.name, type(done.error).__name__).inc()
                self._discover_at = at + self._parts.settings.every.total_seconds()
                return
            raise done.error
        if done.errand == RENEW:
            self._renewals.note(at)
            self._use(done.result)
            for feed in self._feeds.values():
                if feed.waits_for_token:
                    feed.due = at
        else:
            self._found(done.result, at)

    def _use(self, access: Access) -> None:
        self._access = access
        org = access.token.org_id
        if self._news is None:
            self._news = self._openings.news = StreamNews(self._parts.name, org, self._parts.now, self._parts.recall)
            self._batches = FeedBatches(self._parts, org, self._news)

    def _found(self, found: Discovery, at: float) -> None:
        """Begin the channels that are new, and those again that were refused."""
        self._use(found.access)
        self._discover_at = at + self._parts.settings.every.total_seconds()
        for channel in found.offered:
            if channel not in self._feeds:
                self._feeds[channel] = self._openings.feed(channel, at)
            elif self._feeds[channel].rests:
                self._feeds[channel].rests, self._feeds[channel].due = False, at
        self._withdraw(found, at)
        if self._news is not None:
            self._news.missing(found.missing)
            self._news.offered(found.offered)

    def _withdraw(self, found: Discovery, at: float) -> None:
        """Channels that were read and are not offered any more are failures, over restarts too. An open stream of such a channel
        would go on with nothing but signs of life, which would vouch that nothing happened.
        """
        if self._parts.settings.events == "all":
            oldest = self._parts.milliseconds() - FORGOTTEN_AFTER
            for channel, place in self._positions.items():
                if channel not in self._feeds and place.time >= oldest:
                    self._feeds[channel] = self._openings.feed(channel, at)
        for channel, feed in self._feeds.items():
            if self._parts.settings.events == "all" and self._news is not None:
                self._news.presence(feed, is_off=found.is_off(channel))
            if channel in found.offered or feed.rests:
                continue
            if feed.subscription is not None:
                feed.subscription.cancel()
            status = "PERMISSION_DENIED" if NOT_PERMITTED in found.refused.get(channel, "") else "NOT_FOUND"
            self._ended(feed, StreamFailure(status, "", "the org does not offer it any more"), at)

    # What is handed over

    def _rows(self) -> Iterator[Batch]:
        for feed in self._feeds.values():
            if feed.has_news and self._batches is not None:
                for batch in self._batches.of(feed):
                    yield self._with_cursor(batch)
                feed.top_up(self._parts.steady())

    def _own_batches(self) -> Iterator[Batch]:
        """Own events, and once in a while how far the channels are read; all rows were handed over before."""
        news, at = self._news, self._parts.steady()
        if news is None:
            return
        yield from self._told()
        moved = news.is_urgent or (news.has_moved and at - self._noted_at >= self._pace.note)
        if moved:
            remember = {feed.coverage.key: feed.coverage.value for feed in self._feeds.values() if feed.coverage.spans}
            news.settle()
            self._noted_at = at
            yield self._with_cursor(rowless(news.org, remember={**remember, **news.memory()}))

    def _told(self) -> Iterator[Batch]:
        """Own events."""
        for batch in self._news.take() if self._news is not None else ():
            yield self._with_cursor(batch)

    def _with_cursor(self, batch: Batch) -> Batch:
        return replace(batch, cursor=self._cursor())

    def _cursor(self) -> Cursor:
        oldest = self._parts.milliseconds() - FORGOTTEN_AFTER
        stored = {channel: place for channel, place in self._positions.items() if place.time >= oldest}
        reached = {channel: feed.position for channel, feed in self._feeds.items() if feed.position is not None}
        return encode({**stored, **reached})

    # What goes on

    def _go_on(self) -> None:
        """Open streams that are due, end dead ones, look for channels, and report what changed."""
        at = self._parts.steady()
        for feed in self._feeds.values():
            if (defect := feed.defect(at, self._pace)) is not None and feed.subscription is not None:
                feed.subscription.cancel()
                self._ended(feed, defect, at)
            if feed.due is not None and at >= feed.due and self._access is not None:
                self._open(feed, at)
        if self._discover_at is not None and at >= self._discover_at:
            self._discover_at = None
            self._errands.start(DISCOVER, lambda: self._discover(False))
        any_live = any(feed.is_live(at, self._pace) for feed in self._feeds.values())
        for feed in self._feeds.values():
            if self._news is not None and (any_live or feed.is_failing):
                self._news.channel(feed, is_live=feed.is_live(at, self._pace))
        self.feeds = tuple(feed.status() for feed in self._feeds.values())

    def _open(self, feed: ChannelFeed, at: float) -> None:
        if self._access is not None:
            subscription = self._openings.open(feed, self._access)
            feed.begin(subscription, at)
            self._by_stream[subscription] = feed

    def _end_if_down(self) -> None:
        """Raises SourceError when no channel works: the loop tells it, and begins again after a pause."""
        if self._access is not None and all(feed.is_down for feed in self._feeds.values()):
            raise outage(self._parts.name, self._feeds.values())

    def _is_idle(self) -> bool:
        """Whether nothing more has arrived; what was handed over does not wait for it for long."""
        at = self._parts.steady()
        if self._handed_at is not None and at - self._handed_at >= self._pace.hold:
            return True
        if self.held or self._access is None:
            return False
        return all(feed.has_settled(at, self._pace) for feed in self._feeds.values())
