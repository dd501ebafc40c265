"""The settings of the source `real_time`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from agent.duration import PositiveDuration, at_most
from agent.network.server_address import server_url
from agent.sources.real_time.catalogue import catalogue, event_of

DEFAULT_ENDPOINT = "api.pubsub.salesforce.com:7443"


def _endpoint(value: str) -> str:
    parts = server_url(f"https://{value}", ("https",))
    if parts.path or parts.port is None:
        raise ValueError(f"write host:port, such as {DEFAULT_ENDPOINT}")
    return value


def _event(spelling: str) -> str:
    """The event's one name, for its channel, its object or its name."""
    event = event_of(spelling)
    known = catalogue().get(event.name)
    if known is not None and known.channel is None:
        raise ValueError(f"{event.name} is stored and not streamed; name it in a source of type stored_events")
    if known is None and not re.fullmatch(r"\w{1,80}Event", event.name):
        raise ValueError(f"{spelling[:60]!r} is not an event; write its name, such as LoginEvent or ReportEvent")
    return event.name


def _once(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))


Endpoint = Annotated[
    str, AfterValidator(_endpoint), WithJsonSchema({"type": "string", "pattern": r"^[^\s/@?#]+:\d{1,5}$"})
]
EventName = Annotated[str, AfterValidator(_event)]


class RealTimeSettings(BaseModel):
    """Which real-time events are streamed, and from where."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: Literal["real_time"]
    """Events of Real-Time Event Monitoring, as they happen, over the Pub/Sub API."""
    events: Literal["all"] | Annotated[list[EventName], Field(min_length=1), AfterValidator(_once)] = "all"
    """Which events are streamed: `all` that the org offers, or a list of names such as `LoginEvent`."""
    endpoint: Endpoint = DEFAULT_ENDPOINT
    """Host and port of the Pub/Sub API. For orgs that are hosted in the EU `api.deu.pubsub.salesforce.com:7443` is
    nearer."""
    start: Literal["latest", "earliest"] = "latest"
    """Where a channel begins that was never read: with what happens from now on, or up to 72 hours back."""
    every: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(minutes=5)
    """How often the org is asked which channels it offers. Each time costs an API call."""
