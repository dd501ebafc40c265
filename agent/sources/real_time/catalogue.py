"""Which real-time events there are: the channel that streams each, the object that stores it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml

SERVICE = "real_time_event_monitoring"
"""What rules call the log source of streamed and of stored events."""


@dataclass(frozen=True, slots=True)
class RealTimeEvent:
    """One of the events, which has one name wherever it is read: `LoginEvent`."""

    name: str
    channel: str | None = None
    """What streams it, without `/event/`: `LoginEventStream`. None: it is only stored."""
    stored: str | None = None
    """The object that keeps it: `LoginEvent`. None: it is only streamed."""
    kind: Literal["big", "standard"] | None = None
    """A big object is filtered by EventDate and EventIdentifier alone and comes newest first (SOQL with big objects)."""

    @property
    def spellings(self) -> frozenset[str]:
        """The event types that its rows have."""
        return frozenset(name for name in (self.channel, self.stored) if name is not None)


@cache
def catalogue() -> Mapping[str, RealTimeEvent]:
    """All known ones, by name."""
    document = yaml.safe_load(Path(__file__).with_name("catalogue.yaml").read_text(encoding="utf-8"))
    return {name: RealTimeEvent(name, **places) for name, places in document.items()}


@cache
def _by_spelling() -> Mapping[str, RealTimeEvent]:
    return {spelling: event for event in catalogue().values() for spelling in event.spellings}


def event_of(spelling: str) -> RealTimeEvent:
    """The event of a channel or of an object that stores it; one that nobody knows has a name made of it."""
    known = _by_spelling().get(spelling)
    return known or RealTimeEvent(spelling.removesuffix("Stream").removesuffix("Store"))
