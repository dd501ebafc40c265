"""Puts events on the bus as the org's clock passes them, from the moment on that somebody reads."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Collection

from agent.simulator.event_stream.happenings import Happenings, RealTimeRow
from agent.simulator.event_stream.stream_truth import StreamTruth
from agent.simulator.pubsub.event_bus import RETENTION, EventBus
from agent.simulator.world.sessions import HOUR

_HOURS_KEPT = 4
"""Hours of made events: the one that is published, the next, and what a step of the clock needs."""

STRETCH = 6 * HOUR
"""How much of a long past is made at a time: many hours cost little more than one, and all of them are held at once."""


class Publisher:
    """Safe for threads. Times are milliseconds since 1970.

    `begin`: when the org began; `until`: up to when things have happened; `now`: the org's clock; `silent`: the names of
    events whose streaming is off, which are passed over for good.
    """

    def __init__(
        self, happenings: Happenings, bus: EventBus, truth: StreamTruth, begin: int, *,
        until: Callable[[], int], now: Callable[[], int], silent: Callable[[], Collection[str]],
    ) -> None:  # fmt: skip
        self._happenings = happenings
        self._bus = bus
        self._truth = truth
        self._begin = begin
        self._until = until
        self._now = now
        self._silent = silent
        self._hours: OrderedDict[int, list[RealTimeRow]] = OrderedDict()
        self._next: int | None = None
        """The first millisecond that is not published; None: nobody reads yet."""
        self._began = 0
        """The first millisecond that was published as it happened."""
        self._silent_before: frozenset[str] = frozenset()
        """Events whose streaming was off when the first reader came."""
        self._lock = threading.RLock()
        self._making = threading.RLock()
        bus.fill_by(self._start, self._fill)

    def _start(self) -> int:
        """From now on events are published as they happen. Returns the first millisecond of it."""
        with self._lock:
            self._next = self._began = self._until() + 1
            self._silent_before = frozenset(self._silent())
            return self._began

    def _fill(self) -> None:
        """What the bus would hold, had somebody always read: the last 72 hours, as far as the org is that old.

        A day of events costs seconds to make, and most readers never look at it: they read from now on.
        """
        with self._lock:
            first = max(self._begin, self._until() - RETENTION)
            while first < self._began:
                end = min(self._began, _end_of_step(first, self._began))
                self._put(self._between(first, end), past=True)
                first = end

    def publish(self) -> int:
        """Put on the bus what has happened since the last time; returns how many events that were."""
        with self._lock:
            first, until, count = self._next, self._until(), 0
            while first is not None and first <= until:
                # What happens in this very millisecond has happened.
                end = min(until + 1, _end_of_step(first, until))
                count += self._put(self._between(first, end))
                self._next = first = end
            return count

    def next_time(self) -> int | None:
        """When the next event of the current hour happens; None when there is none, or nobody reads."""
        with self._lock:
            first = self._next
            if first is None:
                return None
            return next((row.time for row in self._of_hour(first // HOUR * HOUR) if row.time >= first), None)

    def prepare(self) -> None:
        """Make the next hour's events ahead, so that nothing waits for them; without readers nothing is made."""
        first = self._next
        if first is not None:
            self._of_hour(first // HOUR * HOUR + HOUR)

    def add(self, rows: Collection[RealTimeRow]) -> None:
        """Events that were just planted, for hours that are made already; what the clock has passed is published at once."""
        with self._lock, self._making:
            for hour, made in self._hours.items():
                known = {row.identifier for row in made}
                fresh = [row for row in rows if hour <= row.time < hour + HOUR and row.identifier not in known]
                self._hours[hour] = sorted([*made, *fresh], key=lambda row: (row.time, row.id))
                self._put([row for row in fresh if self._next is not None and row.time < self._next])

    def _between(self, first: int, end: int) -> list[RealTimeRow]:
        """Of an hour that is kept, or of a longer stretch, which is made once and not kept."""
        hour = first // HOUR * HOUR
        if end > hour + HOUR:
            return self._happenings.between((first, end))
        return [row for row in self._of_hour(hour) if first <= row.time < end]

    def _put(self, rows: list[RealTimeRow], *, past: bool = False) -> int:
        silent = self._silent_before if past else self._silent()
        streamed = [row for row in rows if row.kind.channel and row.kind.name not in silent]
        told = [(row, self._publish(row, past=past)) for row in streamed]
        self._truth.published(told, self._now())
        return len(told)

    def _publish(self, row: RealTimeRow, *, past: bool) -> bytes:
        fields = row.kind.streamed_fields
        values = {name: value for name, value in row.values.items() if name in fields}
        return self._bus.publish(row.kind.channel or "", row.time, values, past=past)

    def _of_hour(self, hour: int) -> list[RealTimeRow]:
        """The events of the hour that begins then."""
        known = self._hours.get(hour)
        if known is not None:
            return known
        with self._making:
            if hour not in self._hours:
                self._hours[hour] = self._happenings.between((max(hour, self._begin), hour + HOUR))
                while len(self._hours) > _HOURS_KEPT:
                    self._hours.popitem(last=False)
            return self._hours[hour]


def _end_of_step(first: int, until: int) -> int:
    """Of the hour in which `first` lies, or of more hours where `until` is far ahead."""
    return first // HOUR * HOUR + (STRETCH if until - first > STRETCH else HOUR)
