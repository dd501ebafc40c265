"""The settings of the source of stored real-time events."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from agent.duration import Duration, PositiveDuration, at_most
from agent.sources.salesforce.budget.caller import Priority

EventName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]


class StoredEventsSettings(BaseModel):
    """Which real-time events are read from the objects that store them, how often and how far back."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    type: Literal["stored_events"]
    """Real-time events from the objects that store them: those that are stored and not streamed, and what a stream
    missed. An event that was streamed as well is sent once."""
    events: Literal["all"] | Annotated[list[EventName], Field(min_length=1)] = "all"
    """Which events are read: `all` that the org stores, or a list of their names, channels or objects."""
    start: Annotated[Duration, at_most(timedelta(days=180))] = timedelta(hours=24)
    """How old the oldest event may be at the very first start."""
    every: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(minutes=5)
    """The time between two polls. Each asks the org once for each event, at most 12 times where there is much to read.
    Where the org's allowance of API calls is small, events take turns, as event log objects do."""
    priority: Priority = "normal"
    """Who is held back first as the API calls of the day run out: `low`, then `normal`; `high` last."""
    reconcile: bool = True
    """Whether what was streamed is compared with what is stored, for events that the stream left out."""
    reconcile_after: Annotated[PositiveDuration, at_most(timedelta(days=1))] = timedelta(hours=1)
    """How long after its end an hour is compared. Each asks the org once for each streamed event that it stores."""
    overlap: Annotated[Duration, at_most(timedelta(days=1))] = timedelta(minutes=30)
    """How far before the last poll each poll looks for events that were stored late."""
