"""What a run of the stream source has to report, collected until it is handed over; what was reported is remembered, so that a
restart does not say it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import structlog

from agent import metrics
from agent.model import Batch
from agent.source import Recall
from agent.sources.real_time.catalogue import catalogue
from agent.sources.real_time.channel_feed import ChannelFeed
from agent.sources.real_time.coverage import StreamGap
from agent.sources.real_time.stream_events import StreamReporter
from agent.sources.real_time.wire.failure import StreamFailure

log = structlog.get_logger()

CHANNELS = "channels"
"""The memory's key of the channels that the org offered last: JSON, a list."""
WITHDRAWN_AFTER = timedelta(days=1)
"""So long a channel that the org does not offer any more is a failure: somebody may have hidden something by it."""


def failing_key(channel: str) -> str:
    return f"reported/failing/{channel}"


def withdrawn_key(channel: str) -> str:
    return f"reported/withdrawn/{channel}"


def absent_key(channel: str) -> str:
    return f"absent/{channel}"


def missing_key(event: str) -> str:
    return f"reported/missing/{event}"


def unmapped_key(channel: str) -> str:
    return f"reported/without-mapping/{channel}"


class StreamNews:
    """Of one source."""

    def __init__(self, source: str, org: str, now: Callable[[], datetime], recall: Recall) -> None:
        """`org`: the organisation's id."""
        self.org = org
        self.has_moved = False
        """Whether there is something to be committed, sooner or later, besides rows."""
        self.is_urgent = False
        """Whether that is to be soon."""
        self._source = source
        self._now = now
        self._recall = recall
        self._reporter = StreamReporter(source, org)
        self._batches: list[Batch] = []
        self._unmapped: set[str] = set()
        self._missing: set[str] = {key.rpartition("/")[2] for key in recall.keys(missing_key(""))}
        self._channels = recall(CHANNELS)
        self._remembered: dict[str, bytes | None] = {}

    def take(self) -> list[Batch]:
        """What is to be handed over, without cursors."""
        taken, self._batches = self._batches, []
        return taken

    def settle(self) -> None:
        """How far the channels are read is handed over."""
        self.has_moved = self.is_urgent = False

    def memory(self) -> Mapping[str, bytes | None]:
        """What is to be remembered of the channels."""
        remembered, self._remembered = self._remembered, {}
        return remembered | ({CHANNELS: self._channels} if self._channels else {})

    # What happened

    def channel(self, feed: ChannelFeed, *, is_live: bool) -> None:
        """How a channel is now."""
        channel, now = feed.channel, self._now()
        if is_live and (feed.is_failing or feed.is_withdrawn):
            feed.is_failing = feed.is_withdrawn = False
            self._add(
                self._reporter.recovered(channel, now), {failing_key(channel): None, withdrawn_key(channel): None}
            )
        elif not is_live and feed.is_down and not (feed.is_failing or feed.is_withdrawn) and feed.failure is not None:
            feed.is_failing = True
            self._add(self._reporter.failed(channel, feed.failure, now), {failing_key(channel): b"1"})

    def presence(self, feed: ChannelFeed, *, is_off: bool) -> None:
        """Whether the org does not have the channel any more. After a day that is its choice, and nobody waits for it."""
        key, now = absent_key(feed.channel), self._now()
        since = _time(self._recall(key))
        if is_off == (since is None):
            self._remembered[key] = now.astimezone(UTC).isoformat().encode() if is_off else None
            self.has_moved = True
        elif since is not None and feed.is_failing and now - since >= WITHDRAWN_AFTER:
            feed.is_failing, feed.is_withdrawn = False, True
            told = self._reporter.withdrawn(feed.channel, now)
            self._add(told, {failing_key(feed.channel): None, withdrawn_key(feed.channel): b"1"})

    def missing(self, missing: Mapping[str, str]) -> None:
        """Events that the settings name and that cannot be read: all of them, each with the reason."""
        for event, why in missing.items():
            if event not in self._missing:
                self._add(self._reporter.missing(event, why, self._now()), {missing_key(event): b"1"})
        for event in self._missing - missing.keys():
            self._add(self._reporter.found(event, self._now()), {missing_key(event): None})
        self._missing = set(missing)

    def offered(self, channels: Collection[str]) -> None:
        """What the org offers."""
        text = orjson.dumps(sorted(channels))
        if text != self._channels:
            self._channels, self.has_moved = text, True

    def gap(self, feed: ChannelFeed, gap: StreamGap) -> None:
        """What happened in this time was not streamed to us and cannot be any more."""
        log.warning("gap in a stream", source=self._source, channel=feed.channel, begin=gap.begin, end=gap.end)
        metrics.STREAM_GAPS.labels(self._source, feed.channel).inc((gap.end - gap.begin) / 1000)
        event = self._reporter.gap(feed.channel, gap, self._now())
        self._add(event, {feed.coverage.key: feed.coverage.value})

    def replay_id_refused(self, feed: ChannelFeed, failure: StreamFailure) -> None:
        """The stream begins with the earliest event."""
        log.warning("replay id refused", source=self._source, channel=feed.channel, reason=str(failure))
        self._add(self._reporter.replay_id_refused(feed.channel, failure, self._now()), {})

    def rows(self, feed: ChannelFeed) -> None:
        """Rows of a channel are handed over."""
        known = feed.event.name in catalogue() and not feed.event.name.startswith("Mobile")
        if known or feed.channel in self._unmapped:
            return
        self._unmapped.add(feed.channel)
        key = unmapped_key(feed.channel)
        if self._recall(key) is None:
            self._add(self._reporter.without_mapping(feed.channel, self._now()), {key: b"1"})

    def _add(self, event: Batch, remember: Mapping[str, bytes | None]) -> None:
        self._batches.append(replace(event, remember={**event.remember, **remember}))


def _time(stored: bytes | None) -> datetime | None:
    """None for what is not one."""
    try:
        time = datetime.fromisoformat((stored or b"").decode())
        return time if time.tzinfo is not None else None
    except ValueError:
        return None
