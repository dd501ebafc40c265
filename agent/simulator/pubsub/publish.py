"""Publish and PublishStream: what is wrong with a request is said first, then that nobody publishes to these channels.

Real-time events are published by Salesforce alone: GetTopic says `can_publish` false for each.
"""

from __future__ import annotations

import asyncio
from typing import NoReturn

from agent.pubsub_api import pubsub_api_pb2 as messages
from agent.simulator.pubsub.bus_tenant import BusTenant
from agent.simulator.pubsub.call import Call
from agent.simulator.pubsub.flow_register import FlowRegister
from agent.simulator.pubsub.refusal import Refusal

SWEEP_SHARE = 1800 / 270
"""How long PublishStream waits for a request, of the keep-alive time (publish.stream.sweeper.timeout: 1,800 s)."""


def refuse_publish(tenant: BusTenant, call: Call, request: messages.PublishRequest) -> NoReturn:
    """Raises Refusal."""
    tenant.count("publish")
    tenant.admit(call.metadata())
    _refuse(tenant, request)


async def refuse_publish_stream(call: Call, register: FlowRegister) -> None:
    """Returns when the client asks for nothing. Raises Refusal."""
    register.tenant.count("publish")
    register.tenant.admit(call.metadata())
    try:
        async with asyncio.timeout(register.keep_alive * SWEEP_SHARE):
            first = await anext(call.requests(), None)
    except TimeoutError as error:
        raise Refusal("publish.stream.sweeper.timeout") from error
    if first is not None:
        if first.auth_refresh:
            raise Refusal("publish.auth.refresh.invalid")
        _refuse(register.tenant, first)


def _refuse(tenant: BusTenant, request: messages.PublishRequest) -> NoReturn:
    if not request.topic_name.strip():
        raise Refusal("publish.topic.validation.empty")
    tenant.channel(request.topic_name)
    if not request.events:
        raise Refusal("publish.event.count.invalid")
    raise Refusal("topic.meta.permission")
