"""What makes a streamed and a stored real-time event one: how both are named, and that they are taken once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import polars as pl

from agent.model import TakenOnce

EventNaming = Callable[[pl.DataFrame, str, str], pl.Series]
"""The `event.id` (`String`) of each row of a raw frame, for the organisation's id and the event's one name
(`agent.normalize.vendor_identity.identify_events`; handed in, for sources stand beside what normalises).
"""

ONCE = TakenOnce("real_time", timedelta(days=8))
"""A stream keeps its events for 72 hours, and an outage may be noticed days later."""
