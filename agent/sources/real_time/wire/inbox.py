"""What has arrived for one source and was not taken yet: from the event loop to the source's thread."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.pubsub_api.pubsub_api_pb2 import FetchResponse
from agent.sources.real_time.avro.avro_schema import AvroSchema
from agent.sources.real_time.wire.failure import StreamFailure

MOST_BYTES = 16 << 20
"""Held for one source. Beyond it no stream of the source is read on; the responses of which it consists are held back by gRPC's
flow control at the other side."""
ENOUGH = 100
"""Events that are not worth waiting for company."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream has its connection."""

    stream: object


@dataclass(frozen=True, slots=True)
class Arrival:
    """A response of a stream."""

    stream: object
    response: FetchResponse
    schemas: Mapping[str, AvroSchema | str]
    """By id, those that its events name; a text says why there is none."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A stream is over."""

    stream: object
    failure: StreamFailure


@dataclass(frozen=True, slots=True)
class ErrandDone:
    """Something that was asked beside the streams."""

    errand: str
    result: Any
    error: BaseException | None = None


Message = Opened | Arrival | Ended | ErrandDone


class Inbox:
    """Safe for threads; `room` is for the event loop alone."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._changed = threading.Condition()
        self._messages: deque[Message] = deque()
        self._bytes = 0
        self._events = 0
        self._urgent = False
        self._waiting: list[asyncio.Event] = []

    def __len__(self) -> int:
        """Messages that wait to be taken."""
        return len(self._messages)

    def put(self, message: Message) -> None:
        with self._changed:
            self._messages.append(message)
            if isinstance(message, Arrival):
                self._bytes += message.response.ByteSize()
                self._events += len(message.response.events)
            else:
                self._urgent = True
            self._changed.notify_all()

    def take(self, within: float, company: float) -> list[Message]:
        """All that has arrived; waits up to `within` seconds for the first, then up to `company` for what comes close behind."""
        with self._changed:
            self._changed.wait_for(lambda: self._messages, within)
            if self._events:
                self._changed.wait_for(lambda: self._urgent or self._events >= ENOUGH, company)
            taken = list(self._messages)
            self._messages.clear()
            self._bytes, self._events, self._urgent = 0, 0, False
            waiting, self._waiting = self._waiting, []
        for event in waiting:
            self._loop.call_soon_threadsafe(event.set)
        return taken

    async def room(self) -> None:
        """Wait until so much was taken that streams may be read on."""
        while True:
            with self._changed:
                if self._bytes < MOST_BYTES:
                    return
                self._waiting.append(event := asyncio.Event())
            await event.wait()
