"""The end of an incident of which everything is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from agent.notice.clock import Clock
from agent.notice.incidents.changes import free_text
from agent.notice.incidents.changes.refusal import NotAllowed, require_open
from agent.notice.incidents.incident import Decision, Incident

NAMED = 5
"""Open obligations that a refusal names."""


def open_obligations(incident: Incident, clocks: Sequence[Clock]) -> list[Clock]:
    """Those that neither ended nor were settled since the clocks were reckoned."""
    return [clock for clock in clocks if not clock.has_ended and clock.id not in incident.settlements]


def closed(incident: Incident, clocks: Sequence[Clock], by: str, now: datetime, reason: str) -> Incident:
    """`clocks`: its own, as they were reckoned last. Raises NotAllowed while an obligation is open, or without a reason."""
    require_open(incident)
    reason = free_text.text(reason, "a reason", option="--reason")
    if left := open_obligations(incident, clocks):
        names = ", ".join(clock.id for clock in left[:NAMED])
        further = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
        hint = "record each as sent, not-applicable or late (`leakline incidents decide ID --obligation …`), or decide the incident"
        raise NotAllowed(f"{incident.id} has open obligations: {names}{further}", hint=hint)
    return replace(incident, state="closed", decisions=(*incident.decisions, Decision("closed", now, by, reason)))
