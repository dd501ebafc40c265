"""Subscribe: a client asks for events of a topic by credits and keeps its place itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager

from agent.pubsub_api import pubsub_api_pb2 as messages
from agent.simulator.pubsub.call import Call
from agent.simulator.pubsub.event_flow import EventFlow
from agent.simulator.pubsub.flow_register import FlowRegister
from agent.simulator.pubsub.refusal import CallEnd, Refusal


async def subscribe(call: Call, register: FlowRegister) -> None:
    """Answer until the stream is over. Raises CallEnd."""
    tenant = register.tenant
    tenant.count("subscribe")
    token = tenant.admit(call.metadata())
    requests = call.requests()
    first = await anext(requests, None)
    if first is None:
        return
    channel = tenant.channel(first.topic_name)
    _check_count(first.num_requested)
    await asyncio.to_thread(tenant.bus.prepare, past=first.replay_preset in (messages.EARLIEST, messages.CUSTOM))
    with register.opened(token, channel, _start(register, channel, first)) as flow:
        flow.grant(first.num_requested)

        async def send(events: list[messages.ConsumerEvent], latest: bytes) -> None:
            await call.write(
                messages.FetchResponse(
                    events=events, latest_replay_id=latest, rpc_id=call.rpc_id, pending_num_requested=flow.credits
                )
            )

        with reading(flow, lambda: _take_requests(register, flow, first.topic_name, requests)):
            await flow.run(send)


@contextmanager
def reading(flow: EventFlow, take_requests: Callable[[], Awaitable[None]]) -> Iterator[None]:
    """Take requests beside what is sent; what is wrong with one ends the stream."""

    async def read() -> None:
        try:
            await take_requests()
        except CallEnd as error:
            flow.end(error)
        else:
            flow.asked_all()

    task = asyncio.create_task(read())
    try:
        yield
    finally:
        task.cancel()


async def _take_requests(
    register: FlowRegister, flow: EventFlow, topic: str, requests: AsyncIterator[messages.FetchRequest]
) -> None:
    """Further ones add credits; where they want to begin is not looked at (Subscribe RPC)."""
    async for request in requests:
        if request.topic_name not in ("", topic):
            raise Refusal("subscription.fetch.topic.mismatch")
        _check_count(request.num_requested)
        register.requested(flow, request.auth_refresh)
        flow.grant(request.num_requested)


def _check_count(count: int) -> None:
    if count <= 0:
        raise Refusal("subscription.fetch.requested.events.invalid")


def _start(register: FlowRegister, channel: str, request: messages.FetchRequest) -> int:
    """The position where a subscription begins."""
    bus = register.tenant.bus
    if request.replay_preset == messages.EARLIEST:
        return 0
    if request.replay_preset != messages.CUSTOM:
        return bus.latest(channel)
    if not request.replay_id:
        raise Refusal("subscription.fetch.replayid.validation.failed")
    position = bus.position(channel, request.replay_id)
    if position is None or register.disturbance.corrupts(channel):
        raise Refusal("subscription.fetch.replayid.corrupted")
    if repeated := register.disturbance.faults(channel).stream_repeat:
        register.disturbance.strike()
        return bus.before(channel, position, repeated)
    return position
