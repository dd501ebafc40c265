"""One channel: how far it is read, and how its stream goes. Of the source's own thread."""

from __future__ import annotations

from datetime import UTC, datetime

from agent.sources.real_time.avro.event_rows import StreamedEvent
from agent.sources.real_time.catalogue import RealTimeEvent
from agent.sources.real_time.coverage import Coverage
from agent.sources.real_time.pace import MOST_ASKED, MOST_CREDITS, StreamPace, pause_after
from agent.sources.real_time.stream_cursor import ReplayPosition
from agent.sources.real_time.wire.failure import StreamFailure
from agent.sources.real_time.wire.inbox import Arrival
from agent.sources.real_time.wire.subscription import Subscription
from agent.status_document import FeedState, FeedStatus

CROSSING = 10.0
"""Seconds in which a grant has arrived at the other side."""
SILENT = StreamFailure("DEADLINE_EXCEEDED", "", "nothing arrived for longer than Salesforce lets a stream be silent")
UNCONNECTED = StreamFailure("UNAVAILABLE", "", "there is no connection")


class ChannelFeed:
    """Times are seconds by the clock that does not jump, where nothing else is said."""

    def __init__(
        self, channel: str, event: RealTimeEvent, position: ReplayPosition | None, coverage: Coverage, at: float
    ) -> None:
        self.channel = channel
        self.event = event
        self.position = position
        """Up to here everything was handed over; None before the first start."""
        self.coverage = coverage
        self.subscription: Subscription | None = None
        self.due: float | None = at
        """When its stream is to be opened; None while it is open, waits for a token, or rests."""
        self.failure: StreamFailure | None = None
        """Why the last stream ended; None once another one has brought something."""
        self.attempts = 0
        """Streams in succession that ended without a response."""
        self.rests = False
        """Whether the org refuses the channel: it is opened again when the org is asked for its channels."""
        self.is_from_earliest = False
        """Whether its stream began with the earliest event."""
        self.is_failing = False
        """Whether it is reported that it is not received."""
        self.is_withdrawn = False
        """Whether it is reported that the org does not stream it any more."""
        self.credits = MOST_CREDITS
        self.last_message: datetime | None = None
        self.lag: float | None = None
        """Seconds from the newest event to its arrival."""
        self._began = at
        self._opened: float | None = None
        self._heard: float | None = None
        """When the stream's last message arrived."""
        self._outstanding = 0
        self._granted_at = at
        self._events: list[StreamedEvent] = []
        self._latest = b""

    # How its stream goes

    def begin(self, subscription: Subscription, at: float) -> None:
        self.subscription, self.due, self._began = subscription, None, at
        self._opened = self._heard = None
        self._outstanding, self._granted_at = self.credits, at

    def note_open(self, at: float) -> None:
        self._opened = at

    def arrive(self, arrival: Arrival, at: float, now: datetime) -> None:
        """Take what a response brings."""
        response = arrival.response
        self._heard = self._opened = at
        self.last_message = now
        self.attempts, self.failure = 0, None
        # What the other side says of credits may cross with a grant of ours; some seconds later it is right.
        crossed = at - self._granted_at < CROSSING
        self._outstanding = (
            max(self._outstanding - len(response.events), 0) if crossed else response.pending_num_requested
        )
        if not response.events:
            self._latest = response.latest_replay_id
            return
        for consumed in response.events:
            event = consumed.event
            schema = arrival.schemas[event.schema_id]
            self._events.append(StreamedEvent(consumed.replay_id, event.id, event.payload, schema))
        self._latest = b""
        mean = response.ByteSize() // len(response.events)
        self.credits = max(1, min(MOST_CREDITS, MOST_ASKED // max(mean, 1)))

    def end(self, failure: StreamFailure, at: float, *, pause: bool = True) -> None:
        """Its stream is over; `pause`: whether the next one waits, if need be."""
        self.attempts += 1
        self.subscription, self.failure = None, failure
        self._outstanding = 0
        self.rests = failure.remedy == "give_up"
        slower = failure.remedy == "slower"
        self.due = None if self.rests else at + (pause_after(self.attempts, slower=slower) if pause else 0.0)

    def defect(self, at: float, pace: StreamPace) -> StreamFailure | None:
        """What is wrong with a stream that has not ended."""
        if self.subscription is None:
            return None
        if self._opened is None:
            return UNCONNECTED if at - self._began > pace.open_within else None
        return SILENT if at - max(self._heard or 0.0, self._opened) > pace.silence else None

    def top_up(self, at: float) -> None:
        """Give credits for what was handed over; few and large grants rather than many small ones."""
        missing = self.credits - self._outstanding
        if self.subscription is not None and missing > 0 and 2 * self._outstanding <= self.credits:
            self.subscription.grant(missing)
            self._outstanding += missing
            self._granted_at = at

    def has_settled(self, at: float, pace: StreamPace) -> bool:
        """Whether all that was there when its stream was opened has arrived, as far as one can tell."""
        if self.subscription is None:
            return self.rests or (self.due is not None and self.due > at)
        return self._heard is not None or (self._opened is not None and at - self._opened >= pace.settle)

    def is_live(self, at: float, pace: StreamPace) -> bool:
        """Whether its stream works."""
        return self.subscription is not None and self.has_settled(at, pace)

    @property
    def is_down(self) -> bool:
        """Whether it does not work, and not only because a stream has just ended: the second attempt failed as well, or the
        next one has to wait for a minute or longer.
        """
        has_to_wait = self.rests or self.attempts > 1 or self.is_slowed
        return self.subscription is None and has_to_wait and not self.waits_for_token

    @property
    def waits_for_token(self) -> bool:
        """Whether its stream is opened again once there is a new token."""
        return self.subscription is None and self.due is None and not self.rests

    @property
    def is_slowed(self) -> bool:
        """Whether the org asked for fewer attempts."""
        return self.failure is not None and self.failure.remedy == "slower"

    # What it brought

    @property
    def is_heard(self) -> bool:
        """Whether its stream has brought anything."""
        return self._heard is not None

    @property
    def since(self) -> int | None:
        """Older events are not taken (ms): where a stream begins with the earliest, they are from before the start. Behind a replay
        id everything is new, whenever it happened.
        """
        return self.position.since if self.position is not None and self.is_from_earliest else None

    @property
    def has_news(self) -> bool:
        return bool(self._events or self._latest)

    def take(self) -> tuple[list[StreamedEvent], bytes]:
        """The events that arrived, and the replay id of a response without any that came behind them."""
        events, latest = self._events, self._latest
        self._events, self._latest = [], b""
        return events, latest

    def move(self, replay_id: bytes, time: int) -> None:
        """Everything up to this replay id is handed over, and so is what happened up to `time` (ms)."""
        before = self.position or ReplayPosition(time)
        self.position = ReplayPosition(max(before.time, time), replay_id, before.since)
        self.coverage.reach(self.position.time)

    def status(self) -> FeedStatus:
        """For people."""
        state: FeedState
        if self.subscription is not None:
            state = "opening" if self._opened is None else "streaming"
        else:
            state = "withdrawn" if self.is_withdrawn else "refused" if self.rests else "waiting"
        reached = datetime.fromtimestamp(self.position.time / 1000, UTC) if self.position is not None else None
        problem = str(self.failure) if self.failure is not None else ""
        return FeedStatus(self.channel, state, problem, self.last_message, reached, self.lag)
