"""The org's event bus: what was published on each channel, for 72 hours of the org's clock.

Safe for threads. Nothing is made for readers that there are not: the first one begins it, and the first one who reads
the past fills it (`fill_by`).
"""

from __future__ import annotations

import threading
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.simulator.pubsub.channel_schema import ChannelSchema, channel_schemas
from agent.simulator.pubsub.replay_id import following, position_at, position_of, replay_id, time_of

RETENTION = 72 * 3_600_000
"""Milliseconds an event is kept (Platform Events Developer Guide: Event Message Durability)."""
MOST_BYTES = 256 << 20
"""Payloads of all channels together; beyond it the fullest channel forgets its oldest events."""


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """An event as it lies on the bus. `time`: milliseconds since 1970; `payload`: Avro by the channel's schema."""

    id: str
    position: int
    time: int
    payload: bytes


@dataclass(slots=True)
class ChannelLog:
    """Events of a channel by position. `forgotten`: the highest position that is kept no longer; `size`: bytes of payloads;
    `past`: how many of the events lie before the bus began, `past_last`: the position of the newest of them so far.
    """

    schema: ChannelSchema
    positions: list[int] = field(default_factory=list)
    events: list[PublishedEvent] = field(default_factory=list)
    last: int = 0
    past: int = 0
    past_last: int = 0
    forgotten: int = 0
    size: int = 0
    listeners: dict[int, Callable[[], None]] = field(default_factory=dict)

    def add(self, time: int, uuid: object, payload: bytes, *, past: bool) -> int:
        """Put an event behind all others, or behind those of the past; returns its position."""
        position = following(self.past_last if past else self.last, time)
        place = self.past if past else len(self.events)
        self.positions.insert(place, position)
        self.events.insert(place, PublishedEvent(str(uuid or f"{position:032x}"), position, time, payload))
        self.size += len(payload)
        if past:
            self.past, self.past_last = place + 1, position
        else:
            self.last = position
        return position

    def forget(self, count: int) -> int:
        """Drop the oldest; returns how many bytes that were."""
        if not count:
            return 0
        freed = sum(len(event.payload) for event in self.events[:count])
        self.forgotten = self.positions[count - 1]
        del self.positions[:count], self.events[:count]
        self.past = max(0, self.past - count)
        self.size -= freed
        return freed


class EventBus:
    """`now`: the org's clock in milliseconds since 1970. `most_bytes`: what payloads may take up."""

    def __init__(self, now: Callable[[], int], *, most_bytes: int = MOST_BYTES) -> None:
        self._now = now
        self._most_bytes = most_bytes
        self._lock = threading.RLock()
        self._logs = {channel: ChannelLog(schema) for channel, schema in channel_schemas().items()}
        self._bytes = 0
        self._listened = 0
        self._begin: Callable[[], int | None] = lambda: None
        self._fill: Callable[[], None] = lambda: None
        self._filling = threading.Lock()
        self._filled = False
        self.wanted = False
        """Whether anybody has come to read: what is published before goes to `fill_by` instead."""

    def channels(self) -> list[str]:
        """Names without `/event/`."""
        return list(self._logs)

    def schema(self, channel: str) -> ChannelSchema:
        """Raises KeyError for a channel that there is not."""
        return self._logs[channel].schema

    def fill_by(self, begin: Callable[[], int | None], fill: Callable[[], None]) -> None:
        """Have `begin` called once, before the first reader reads, and `fill` once, before the first who reads the past.

        `begin` returns the first millisecond whose events are published as they happen; `fill` publishes with `past` what
        the bus should hold of those before.
        """
        self._begin, self._fill = begin, fill

    def prepare(self, *, past: bool = True) -> None:
        """Called by each reader before it reads; waits until what it may read is there. `past`: it reads what was before."""
        with self._filling:
            if not self.wanted:
                begin = self._begin()
                if begin is not None:
                    self._leave_room_before(begin)
            if past and not self._filled:
                self._fill()
            self.wanted, self._filled = True, self._filled or past

    def _leave_room_before(self, begin: int) -> None:
        """Positions of the past stay free: a reader who came before the past was filled has one behind all of it."""
        with self._lock:
            for log in self._logs.values():
                log.last = max(log.last, position_at(begin))

    def publish(self, channel: str, time: int, values: Mapping[str, Any], *, past: bool = False) -> bytes:
        """Put an event on a channel; returns its replay id.

        `time`: of publication, milliseconds since 1970; CreatedDate and EventDate are it unless given. Times in `values`
        are milliseconds, decimals int or float, fields left out null. `past`: it lies before the bus began; these come in
        order of time. Raises KeyError for a channel and ValueError for a field that there is not, or a value that does not
        fit.
        """
        log = self._logs[channel]
        payload = log.schema.encoded({"CreatedDate": time, "EventDate": time, **values})
        with self._lock:
            position = log.add(time, values.get("EventUuid"), payload, past=past)
            self._bytes += len(payload) - log.forget(self._expired(log))
            while self._bytes > self._most_bytes:
                fullest = max(self._logs.values(), key=lambda log: log.size)
                self._bytes -= fullest.forget(max(1, len(fullest.events) // 100))
            listeners = [] if past else list(log.listeners.values())
        for wake in listeners:
            wake()
        return replay_id(channel, position)

    def read(self, channel: str, after: int, most: int) -> list[PublishedEvent]:
        """At most so many events beyond a position, oldest first."""
        log = self._logs[channel]
        with self._lock:
            start = max(bisect_right(log.positions, after), self._expired(log))
            return log.events[start : start + most]

    def before(self, channel: str, position: int, count: int) -> int:
        """The position from which a reader gets the `count` events up to `position` once more."""
        log = self._logs[channel]
        with self._lock:
            start = max(bisect_right(log.positions, position) - count, self._expired(log))
            return log.positions[start] - 1 if start < len(log.positions) else position

    def latest(self, channel: str) -> int:
        """A position beyond all events so far and before all that come: what a reader who missed nothing has."""
        log = self._logs[channel]
        with self._lock:
            log.last = following(log.last, self._now())
            return log.last

    def idle(self, channel: str, position: int) -> int:
        """`latest` for a reader with this position, or the position itself when there are events beyond it."""
        with self._lock:
            return position if self.read(channel, position, 1) else self.latest(channel)

    def position(self, channel: str, replay: bytes) -> int | None:
        """Where a replay id points; None for one that is unknown, or so old that events beyond it may be forgotten."""
        log = self._logs[channel]
        position = position_of(channel, replay)
        with self._lock:
            newest = max(log.last, position_at(self._now() + 1))
            if position is None or not max(log.forgotten, position_at(self._oldest())) <= position <= newest:
                return None
            return position

    def counts(self) -> dict[str, int]:
        """Events kept, by channel."""
        with self._lock:
            return {channel: len(log.events) - self._expired(log) for channel, log in self._logs.items()}

    def listen(self, channel: str, wake: Callable[[], None]) -> Callable[[], None]:
        """Have `wake` called, in the publisher's thread, after each event of a channel, until what is returned is called."""
        log = self._logs[channel]
        with self._lock:
            self._listened = number = self._listened + 1
            log.listeners[number] = wake

        def leave() -> None:
            with self._lock:
                log.listeners.pop(number, None)

        return leave

    def _oldest(self) -> int:
        return self._now() - RETENTION

    def _expired(self, log: ChannelLog) -> int:
        """How many events are past retention, by the time in their positions, which never falls."""
        oldest = self._oldest()
        if not log.positions or time_of(log.positions[0]) >= oldest:
            return 0
        return bisect_left(log.positions, position_at(oldest))
