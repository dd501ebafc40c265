"""A maintenance window that is open: messages about incidents that are not critical are held back."""

from __future__ import annotations

from dataclasses import dataclass

from agent.status.times import UtcTime


@dataclass(frozen=True, slots=True)
class MaintenanceStatus:
    """The one there is."""

    until: UtcTime
    by: str
    reason: str
