"""What the status document says of the ways to tell people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.status.times import UtcTime


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """One channel, since the daemon started."""

    name: str
    type: str
    waiting: int
    """Messages that are still to be sent over it."""
    accepted_at: UtcTime | None = None
    """When the other side accepted one last; None where nothing was to be sent yet."""
    failing_since: UtcTime | None = None
    """None while it works, or was not used."""
    reason: str = ""
    """Why it fails."""


@dataclass(frozen=True, slots=True)
class TellingStatus:
    """All of it."""

    channels: Sequence[ChannelStatus]
    heartbeat_at: UtcTime | None = None
    """When the monitor outside took a heartbeat last; None where none is set, or it has taken none yet."""
    canary_at: UtcTime | None = None
    """The time of the newest canary; None where none are sent."""
