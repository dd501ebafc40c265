"""Canaries: messages that say nothing, at set times, over several channels. Whoever counts those that arrive knows whether others would.

They go the whole way of a message: through the outbox, the sender and the channel.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from agent import metrics
from agent.daemon.sending.repeated import repeat
from agent.notice.arrangements.self_watch import CanarySettings
from agent.notice.incidents.desk import IncidentDesk
from agent.notice.messages import outbox
from agent.notice.messages.message import Message, Target, message_id
from agent.notice.timer_keys import EPOCH, TimerKeys, first_millisecond, instant

LOOK_EVERY = 0.5
"""Seconds."""

KEPT = timedelta(hours=1)
"""How long one is kept that has ended."""

CAUGHT_UP = timedelta(minutes=1)
"""How far back a pause is made up for: so late canaries are counted by whoever allows a minute, as messages of that time would be."""

CANARIES = TimerKeys("canary/")
"""Keys under `keys.RESPONSE`, of each canary that is kept."""

NEWEST = "canary-newest"
"""Key of the time of the newest one, in milliseconds."""


class CanaryLoop:
    """`run` is what the thread does, until the stop event."""

    def __init__(
        self,
        settings: CanarySettings,
        desk: Callable[[], IncidentDesk],
        stop: threading.Event,
        now: Callable[[], datetime],
    ) -> None:
        """`desk`: of the process's shard."""
        self._settings = settings
        self._desk = desk
        self._stop = stop
        self._now = now
        self._newest: datetime | None = None
        """None before it was read."""

    def run(self) -> None:
        """Raises StateError other than a full disk."""
        repeat(self.turn, self._stop, LOOK_EVERY, "a canary")

    def turn(self) -> bool:
        """Whether a canary was made. After a pause they are those of the last minute, or the newest where none was in it: the others
        are too late anyway.
        """
        now = self._now()
        time = EPOCH + (now - EPOCH) // self._settings.every * self._settings.every
        if self._newest is None:
            self._newest = self._stored()
        if self._newest is not None and time <= self._newest:
            return False
        messages = [message for due in self._due(time, now) for message in self._messages(due, now)]
        desk = self._desk()
        with desk.changing() as change:
            outbox.put(change, desk.recall, messages)
            kept = {CANARIES.key(first_millisecond(message.due), message.id): b"" for message in messages}
            change.apply({NEWEST: str(first_millisecond(time)).encode(), **kept, **self._outdated(desk, now)})
        self._newest = time
        metrics.CANARY.set(time.timestamp())
        return True

    @property
    def newest(self) -> datetime | None:
        """The time of the newest one."""
        return self._newest

    def _due(self, newest: datetime, now: datetime) -> list[datetime]:
        """The times to make up for, in order; `newest` is the last of them."""
        times = [newest]
        while self._newest is not None and (before := times[-1] - self._settings.every) > self._newest:
            if now - before > CAUGHT_UP:
                break
            times.append(before)
        return times[::-1]

    def _messages(self, time: datetime, now: datetime) -> Iterator[Message]:
        for channel in self._settings.channels:
            yield Message(
                message_id("canary", time.isoformat(), channel),
                "canary",
                Target(channel),
                "informational",
                f"canary of {time:%Y-%m-%d %H:%M:%S} UTC: Leakline's messages arrive",
                time,
                now,
                now,
            )

    def _outdated(self, desk: IncidentDesk, now: datetime) -> dict[str, bytes | None]:
        """Keys of canaries that are old: they are no evidence of anything but their number, which the receivers have."""
        before = CANARIES.key(first_millisecond(now - KEPT), "")
        changes: dict[str, bytes | None] = {}
        for key in desk.recall.keys(CANARIES.prefix):
            if key >= before:
                break
            number = key.rpartition("/")[2]
            message = outbox.readable(desk.recall, number)
            changes |= {key: None, **(outbox.forgotten(message) if message is not None else {})}
        return changes

    def _stored(self) -> datetime | None:
        data = self._desk().recall(NEWEST)
        return instant(int(data)) if data else None
