"""What of the status document, and of `leakline clocks list`, is about deadlines. None of it is legal advice."""

from __future__ import annotations

from dataclasses import dataclass

from agent.status.times import UtcTime

NEXT = 10
"""Deadlines that the status document has."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """One obligation of one incident."""

    org: str
    """The org's name in the settings; empty for what concerns Leakline itself."""
    incident: str
    origin: str
    level: str
    incident_state: str
    assignee: str
    regime: str
    obligation: str
    stage: str
    recipient: str
    state: str
    next_due: UtcTime | None
    """Of both dates the first; None while neither is known. Dates are the first instants that are too late."""
    left_seconds: float | None
    """Until then; negative for what is late."""
    due: UtcTime | None
    """By the law, from its anchor."""
    shadow_due: UtcTime | None
    """By the strict count, from the detection."""
    planned_due: UtcTime | None
    """The first date that was reckoned."""
    anchor: str
    anchored_at: UtcTime | None
    presumed: bool
    """Whether `due` counts from what nobody declared."""
    policy: bool
    """Whether the law names no number, and the period is a target of ours."""
    zone: str
    """Where the recipient is."""
    basis: str
    ended_at: UtcTime | None = None
    receipt: str = ""
    reason: str = ""
