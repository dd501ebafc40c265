"""ManagedSubscribe: the org keeps a client's place, which the client moves by commits (beta).

A commit that fails is answered and ends nothing; several that succeed may be answered at once, by the last of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from agent.pubsub_api import pubsub_api_pb2 as messages
from agent.simulator.pubsub.call import Call
from agent.simulator.pubsub.event_bus import EventBus
from agent.simulator.pubsub.event_flow import EventFlow
from agent.simulator.pubsub.flow_register import FlowRegister
from agent.simulator.pubsub.managed_subscriptions import ManagedSubscription, ManagedSubscriptions
from agent.simulator.pubsub.refusal import Refusal
from agent.simulator.pubsub.replay_id import position_of
from agent.simulator.pubsub.subscribe import reading


async def managed_subscribe(call: Call, register: FlowRegister, subscriptions: ManagedSubscriptions) -> None:
    """Answer until the stream is over. Raises CallEnd."""
    tenant = register.tenant
    tenant.count("managed_subscribe")
    token = tenant.admit(call.metadata())
    requests = call.requests()
    first = await anext(requests, None)
    if first is None:
        return
    _check_first(first)
    subscription = subscriptions.find(first.subscription_id, first.developer_name)
    await asyncio.to_thread(tenant.bus.prepare)
    subscription = subscriptions.find(first.subscription_id, first.developer_name)
    position = _start(tenant.bus, subscription)
    subscription.active = True
    try:
        with register.opened(token, subscription.channel, position) as flow:
            commits = Commits(subscription, flow, register)
            flow.grant(first.num_requested)

            async def send(events: list[messages.ConsumerEvent], latest: bytes) -> None:
                await call.write(
                    messages.ManagedFetchResponse(
                        events=events,
                        latest_replay_id=latest,
                        rpc_id=call.rpc_id,
                        pending_num_requested=flow.credits,
                        commit_response=commits.answer(),
                    )
                )

            flow.has_news = commits.has_answer
            with reading(flow, lambda: _take_requests(register, flow, commits, requests)):
                await flow.run(send)
    finally:
        subscription.active = False


class Commits:
    """The commits of a stream, and their answers in order."""

    def __init__(self, subscription: ManagedSubscription, flow: EventFlow, register: FlowRegister) -> None:
        self._subscription = subscription
        self._flow = flow
        self._register = register
        self._answers: deque[messages.CommitReplayResponse] = deque()

    def has_answer(self) -> bool:
        return bool(self._answers)

    def answer(self) -> messages.CommitReplayResponse | None:
        """The next one: a failure, or the last success before the next failure."""
        answer = self._answers.popleft() if self._answers else None
        while answer is not None and not answer.HasField("error") and self._answers:
            if self._answers[0].HasField("error"):
                break
            answer = self._answers.popleft()
        return answer

    def take(self, request: messages.CommitReplayRequest) -> None:
        """Move the place of the subscription, or say why not."""
        wrong = self._fault_of(request)
        if not wrong:
            self._subscription.committed = request.replay_id
        self._answers.append(
            messages.CommitReplayResponse(
                commit_request_id=request.commit_request_id,
                replay_id=request.replay_id,
                error=messages.Error(code=messages.COMMIT, msg=wrong) if wrong else None,
                process_time=self._register.tenant.now(),
            )
        )
        self._flow.wake()

    def _fault_of(self, request: messages.CommitReplayRequest) -> str:
        """Empty: none (handling-errors guide: the cases of a commit)."""
        channel = self._subscription.channel
        if not request.replay_id:
            return "The commit has no Replay ID."
        position = self._register.tenant.bus.position(channel, request.replay_id)
        if position is None:
            return "The Replay ID is invalid or outside the retention window."
        if position > self._flow.position:
            return "The Replay ID is of an event that was not delivered yet."
        if position < (position_of(channel, self._subscription.committed) or 0):
            return "The Replay ID is older than the one committed before."
        return ""


async def _take_requests(
    register: FlowRegister, flow: EventFlow, commits: Commits, requests: AsyncIterator[messages.ManagedFetchRequest]
) -> None:
    async for request in requests:
        _check_count(request.num_requested)
        commit = request.HasField("commit_replay_id_request")
        if not (request.num_requested or commit or request.auth_refresh):
            raise Refusal("managed.subscription.fetch.request.invalid")
        register.requested(flow, request.auth_refresh)
        if commit:
            commits.take(request.commit_replay_id_request)
        if request.num_requested:
            flow.grant(request.num_requested)


def _check_first(request: messages.ManagedFetchRequest) -> None:
    if request.HasField("commit_replay_id_request"):
        raise Refusal("managed.subscription.fetch.request.commit.request.restricted")
    if request.auth_refresh:
        raise Refusal("managed.subscription.fetch.request.auth.request.restricted")
    _check_count(request.num_requested)


def _check_count(count: int) -> None:
    if count < 0:
        raise Refusal("managed.subscription.fetch.request.events.invalid")


def _start(bus: EventBus, subscription: ManagedSubscription) -> int:
    """Where the client left off, or where the subscription says."""
    preset = subscription.default_replay
    if subscription.committed:
        position = bus.position(subscription.channel, subscription.committed)
        if position is not None:
            return position
        preset = subscription.error_recovery_replay
    return 0 if preset == "EARLIEST" else bus.latest(subscription.channel)
