"""What the Pub/Sub API knows of the org it serves, and whether a call may come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from agent.simulator.pubsub.event_bus import EventBus
from agent.simulator.pubsub.refusal import Refusal
from agent.simulator.world.stream_faults import StreamFaults

HEADERS = ("accesstoken", "instanceurl", "tenantid")


@dataclass(frozen=True, slots=True)
class BusTenant:
    """The org as this service sees it."""

    id: str
    """18 characters."""
    domain: str
    """The My Domain of the org."""
    hosts: frozenset[str]
    """Names of the instance, without a port: which port a client came by says nothing."""
    bus: EventBus
    now: Callable[[], int]
    """The org's clock, milliseconds since 1970."""
    faults: Callable[[], StreamFaults]
    admits: Callable[[str], bool]
    """Whether an access token is good for one more call."""
    holds: Callable[[str, bool], bool]
    """Whether it is still good for a running stream; True as second argument: it was used just now."""
    count: Callable[[str], None]
    """A call of this kind came in."""
    offers: Callable[[str], bool] = lambda _: True
    """Whether the org streams a channel."""

    def admit(self, metadata: Mapping[str, str]) -> str:
        """The access token of a call. Raises Refusal."""
        token, url, tenant = (metadata.get(name, "").strip() for name in HEADERS)
        if not (token and tenant and urlsplit(url).scheme in ("http", "https")) or " " in token:
            raise Refusal("service.auth.headers.invalid")
        if urlsplit(url).hostname not in self.hosts or not self._is_ours(tenant):
            raise Refusal("service.auth.error")
        if not self.admits(token):
            raise Refusal("service.auth.error")
        return token

    def channel(self, topic: str) -> str:
        """The channel of a topic such as `/event/LoginEventStream`. Raises Refusal."""
        if not topic.strip():
            raise Refusal("topic.validation.empty")
        channel = topic.removeprefix("/event/")
        if channel == topic or channel not in self.bus.channels() or not self.offers(channel):
            raise Refusal("topic.not.found")
        return channel

    def _is_ours(self, tenant: str) -> bool:
        """The org id, or `core/<My Domain>/<org id>`."""
        return tenant.rpartition("/")[2] in (self.id, self.id[:15])
