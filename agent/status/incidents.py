"""How many incidents are open, and how many of them nobody has acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.status.times import UtcTime


@dataclass(frozen=True, slots=True)
class IncidentCount:
    """Open incidents of an org in one state and of one level."""

    state: str
    level: str
    origin: str
    """`live`, `history` (of a backfill) or `drill`."""
    incidents: int
    org: str = ""
    """The org's name in the settings; empty for Leakline's own events."""


@dataclass(frozen=True, slots=True)
class IncidentsStatus:
    """Of all orgs; candidates are counted, and wait for nobody."""

    open: Sequence[IncidentCount] = ()
    unacknowledged: int = 0
    """Of live alerts."""
    oldest_unacknowledged: UtcTime | None = None
    """When the one was opened that waits longest."""
