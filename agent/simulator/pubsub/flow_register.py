"""The streams that run, and who looks whether they may go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from agent.simulator.pubsub.bus_tenant import BusTenant
from agent.simulator.pubsub.disturbance import Disturbance
from agent.simulator.pubsub.event_flow import EventFlow
from agent.simulator.pubsub.refusal import Refusal

MOST_STREAMS = 1000
"""Of the org at a time."""


class FlowRegister:
    """For the thread of the event loop."""

    def __init__(self, tenant: BusTenant, keep_alive: float) -> None:
        self.tenant = tenant
        self.keep_alive = keep_alive
        """Seconds."""
        self.disturbance = Disturbance(tenant.faults)
        self.flows: set[EventFlow] = set()
        self._woken_for = tenant.faults()

    @contextmanager
    def opened(self, token: str, channel: str, position: int) -> Iterator[EventFlow]:
        """A stream, counted as long as it runs. Raises Refusal when there are too many."""
        if len(self.flows) >= MOST_STREAMS:
            raise Refusal("concurrent.client.limit.exceeded")
        flow = EventFlow(self.tenant, self.disturbance, token, channel, position, self.keep_alive)
        self.flows.add(flow)
        try:
            yield flow
        finally:
            self.flows.discard(flow)

    def look_after(self) -> None:
        """End the streams whose access token is no longer good; wake all when the faults were changed."""
        good = {token: self.tenant.holds(token, False) for token in {flow.token for flow in self.flows}}
        # Not the disturbance's own look: a stream that takes a step after a change has it noted before this one comes.
        faults = self.tenant.faults()
        changed, self._woken_for = faults is not self._woken_for, faults
        for flow in self.flows:
            if not good[flow.token]:
                flow.end(Refusal("service.auth.error"))
            elif changed:
                flow.wake()

    def requested(self, flow: EventFlow, auth_refresh: str) -> None:
        """A further request came in on a stream, perhaps with a new access token. Raises Refusal."""
        if auth_refresh:
            if not self.tenant.admits(auth_refresh):
                raise Refusal("service.auth.refresh.invalid")
            flow.token = auth_refresh
        if not self.tenant.holds(flow.token, True):
            raise Refusal("service.auth.error")
