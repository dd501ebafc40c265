"""Which channels an org offers, and which of them are read.

An org names the objects that it could stream; whether streaming is switched on, and whether this user may see it, says
GetTopic alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.pubsub_api.pubsub_api_pb2 import TopicInfo
from agent.sources.real_time.catalogue import catalogue, event_of
from agent.sources.real_time.wire.access import Access
from agent.sources.real_time.wire.connection import PubSubConnection
from agent.sources.real_time.wire.failure import StreamFailure
from agent.sources.salesforce.session import Session

DEADLINE = 20.0
"""Seconds for each of the two questions."""
MOST_CHANNELS = 200
"""An org has about 30; each costs a stream."""

NOT_OFFERED = "the org does not stream it; switch streaming on in Setup > Event Manager"
NOT_PERMITTED = "give the user the permission View Real-Time Event Monitoring Data"


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found."""

    access: Access
    offered: Collection[str]
    """Channels to be read."""
    refused: Mapping[str, str]
    """By channel that the org has an object for and that cannot be read: why."""
    missing: Mapping[str, str]
    """By event that the settings name and that cannot be read: why."""
    unanswered: Mapping[str, str] = field(default_factory=dict)
    """Of those to be read, the ones of which nothing is known, for the question failed: why."""
    absent: Collection[str] = ()
    """Of those refused, the ones that the org says it does not have."""

    def is_off(self, channel: str) -> bool:
        """Whether the org does not stream it at all: not one that it merely keeps from this user."""
        return channel not in self.offered and (channel not in self.refused or channel in self.absent)


def look_up(session: Session) -> frozenset[str]:
    """The names of all that the org could stream, and of all its other objects. Raises SourceError."""
    return session.objects(deadline=DEADLINE)


def discover(
    session: Session,
    connection: PubSubConnection,
    names: Collection[str],
    events: Literal["all"] | Collection[str],
) -> Discovery:
    """Ask which of them are streamed. `names`: of objects; `events`: `all`, or names of events. Raises SourceError."""
    wanted = _wanted(names, events)
    access, topics = _topics(session, connection, wanted)
    offered: list[str] = []
    refused: dict[str, str] = {}
    unanswered: dict[str, str] = {}
    absent: list[str] = []
    for channel, topic in topics.items():
        if isinstance(topic, StreamFailure):
            if topic.is_refusal:
                refused[channel] = f"{topic}: {topic.hint}" if topic.hint else str(topic)
                absent += [channel] if topic.status == "NOT_FOUND" else []
            else:
                offered.append(channel)  # that it does not answer now says nothing; its stream will tell
                unanswered[channel] = str(topic)
        elif not topic.can_subscribe:
            refused[channel] = NOT_PERMITTED
        else:
            offered.append(channel)
    missing = {}
    if events != "all":
        readable = {event_of(channel).name for channel in offered}
        why = {event_of(channel).name: reason for channel, reason in refused.items()}
        missing = {event: why.get(event, NOT_OFFERED) for event in events if event not in readable}
    return Discovery(access, offered, refused, missing, unanswered, absent)


def candidates(names: Collection[str]) -> list[str]:
    """Channels among the names of objects: `<X>EventStream`, `<X>Event` with an `<X>EventStore`, and those we know of that have
    neither.
    """
    known = {event.channel for event in catalogue().values()}
    stored = {event.stored for event in catalogue().values()}
    return sorted(
        name
        for name in names
        if name.endswith("EventStream")
        or name in known
        or (name.endswith("Event") and f"{name}Store" in names and name not in stored)
    )


def _wanted(names: Collection[str], events: Literal["all"] | Collection[str]) -> list[str]:
    found = candidates(names)
    if events != "all":
        found = [channel for channel in found if event_of(channel).name in events]
    return found[:MOST_CHANNELS]


def _topics(
    session: Session, connection: PubSubConnection, channels: list[str]
) -> tuple[Access, dict[str, TopicInfo | StreamFailure]]:
    """What the org says of each channel, with a new token where the one in use is over."""
    access = Access(session.token())
    topics = connection.topics(channels, access, DEADLINE)
    if any(isinstance(topic, StreamFailure) and topic.remedy == "renew" for topic in topics.values()):
        access = Access(session.token(stale=access.token))
        topics = connection.topics(channels, access, DEADLINE)
    return access, topics
