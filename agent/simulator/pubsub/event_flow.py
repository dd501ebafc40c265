"""One stream of events to a client: credits, the place it has reached, keep-alives, its end.

A client asks for events by credits; at most `MOST_REQUESTED` are outstanding (Subscribe RPC: num_requested). While credits
are outstanding and nothing happens, an empty response comes within the keep-alive time with a newer replay id; while none
are, the client has a good fifth of that time to ask for more, or the stream ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from agent.pubsub_api import pubsub_api_pb2 as messages
from agent.simulator.pubsub.bus_tenant import BusTenant
from agent.simulator.pubsub.disturbance import Disturbance
from agent.simulator.pubsub.refusal import Breakage, CallEnd, Refusal
from agent.simulator.pubsub.replay_id import replay_id
from agent.simulator.world.stream_faults import StreamFaults

MOST_REQUESTED = 100
MOST_BYTES = 3 << 20
"""Of the payloads of a response; gRPC's own limit is 4 MB."""
UNASKED_SHARE = 60 / 270
"""How long a client without credits is waited for, of the keep-alive time."""

Send = Callable[[list[messages.ConsumerEvent], bytes], Awaitable[None]]
"""Writes events and the latest replay id; waits while the client does not read."""


class EventFlow:
    """For the thread of its event loop, but for `_wake_from_elsewhere`.

    `position`: events beyond it are sent. `token`: the access token under which it runs.
    """

    def __init__(
        self, tenant: BusTenant, disturbance: Disturbance, token: str, channel: str, position: int, keep_alive: float
    ) -> None:
        self.channel = channel
        self.token = token
        self.position = position
        self.credits = 0
        self.has_news: Callable[[], bool] = lambda: False
        """Whether there is something to send beside events: answers to commits."""
        self._tenant = tenant
        self._disturbance = disturbance
        self._schema = tenant.bus.schema(channel)
        self._keep_alive = keep_alive
        self._loop = asyncio.get_running_loop()
        self._awake = asyncio.Event()
        self._woken = False
        self._moved = self._loop.time()
        self._sent = 0
        self._ending: CallEnd | None = None
        self._asked_all = False

    def grant(self, count: int) -> None:
        """The client takes so many events more."""
        self.credits = min(MOST_REQUESTED, self.credits + count)
        self._moved = self._loop.time()
        self.wake()

    def asked_all(self) -> None:
        """The client has closed its side: the stream ends when its credits are used up."""
        self._asked_all = True
        self.wake()

    def end(self, error: CallEnd) -> None:
        """End with an error."""
        self._ending = self._ending or error
        self.wake()

    def wake(self) -> None:
        self._awake.set()

    async def run(self, send: Send) -> None:
        """Send until the stream is over. Raises CallEnd."""
        leave = self._tenant.bus.listen(self.channel, self._wake_from_elsewhere)
        try:
            while await self._step(send):
                pass
        finally:
            leave()

    async def _step(self, send: Send) -> bool:
        """False when the stream is over."""
        self._awake.clear()
        if self._ending is not None:
            raise self._ending
        faults = self._disturbance.faults(self.channel)
        if self._breaks(faults):
            return False
        events = [] if faults.stream_silent else self._next_events(faults)
        if events or (self.has_news() and not faults.stream_silent):
            await self._send(send, events, faults)
            return True
        if self._asked_all and not self.credits:
            return False
        return await self._wait(send, faults)

    def _breaks(self, faults: StreamFaults) -> bool:
        """True: ends with OK. Raises CallEnd."""
        if (
            faults.stream_error
            and faults.stream_error_at in ("any", "stream")
            and self._sent >= faults.stream_error_after
        ):
            self._disturbance.strike()
            raise Refusal(faults.stream_error)
        if faults.stream_cut_after and self._sent >= faults.stream_cut_after:
            self._disturbance.strike()
            raise Breakage
        if faults.stream_end_after and self._sent >= faults.stream_end_after:
            self._disturbance.strike()
            return True
        return False

    def _next_events(self, faults: StreamFaults) -> list[messages.ConsumerEvent]:
        """What fits one response, the position moved beyond it."""
        limits = (faults.stream_error_after, faults.stream_cut_after, faults.stream_end_after)
        most = min([self.credits, *(limit - self._sent for limit in limits if limit > self._sent)])
        if faults.stream_drip_seconds:
            most = min(most, 1)
        sent: list[messages.ConsumerEvent] = []
        size = 0
        for event in self._tenant.bus.read(self.channel, self.position, most):
            consumer_event = self._disturbance.consumer_event(self._schema, event)
            size += len(consumer_event.event.payload)
            if sent and size > MOST_BYTES:
                break
            sent.append(consumer_event)
            self.position = event.position
        return sent

    async def _send(self, send: Send, events: list[messages.ConsumerEvent], faults: StreamFaults) -> None:
        if not events:
            self.position = self._tenant.bus.idle(self.channel, self.position)
        self.credits -= len(events)
        self._sent += len(events)
        if faults.stream_shuffle and len(events) > 1:
            self._disturbance.strike()
            events.reverse()
        await self._deliver(send, events)
        if faults.stream_drip_seconds:
            await asyncio.sleep(faults.stream_drip_seconds)

    async def _deliver(self, send: Send, events: list[messages.ConsumerEvent]) -> None:
        await send(events, replay_id(self.channel, self.position) if self.position else b"")
        self._moved = self._loop.time()

    async def _wait(self, send: Send, faults: StreamFaults) -> bool:
        """For events, credits, an end; False when the client has asked for nothing for too long."""
        patience = self._keep_alive * (1 if self.credits else UNASKED_SHARE)
        left = self._moved + patience - self._loop.time()
        if left > 0:
            with contextlib.suppress(TimeoutError):
                # Not wait_for: in Python 3.11 it loses a cancellation that comes together with what it waits for, which
                # is so when a connection breaks: requests end, and the call is cancelled.
                async with asyncio.timeout(left):
                    await self._awake.wait()
            return True
        if faults.stream_silent:
            self._moved = self._loop.time()
            return True
        if not self.credits:
            return False
        position = self._tenant.bus.idle(self.channel, self.position)
        if position != self.position:
            self.position = position
            await self._deliver(send, [])
        return True

    def _wake_from_elsewhere(self) -> None:
        """Called by publishers, in their threads: one call into the loop stands for all until it ran."""
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # The server was closed meanwhile.
                self._loop.call_soon_threadsafe(self._wake_up)

    def _wake_up(self) -> None:
        self._woken = False
        self.wake()
