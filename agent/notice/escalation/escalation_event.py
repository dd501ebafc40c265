"""What is said of an escalation in the SIEM, beside what is said of its incident."""

from __future__ import annotations

from datetime import datetime

from agent.notice.escalation.escalation import Escalation
from agent.own_event import EventValue


def fields(escalation: Escalation, tier: int | None = None, due: datetime | None = None) -> dict[str, EventValue]:
    """By dotted names. `tier`: its index; `due`: when it was to be told."""
    found: dict[str, EventValue | None] = {
        "leakline.escalation.policy": escalation.policy.name,
        "leakline.escalation.cycle": escalation.cycle + 1,
        "leakline.escalation.tier": tier + 1 if tier is not None else None,
        "leakline.escalation.due": due,
    }
    return {name: value for name, value in found.items() if value is not None}
