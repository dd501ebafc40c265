"""Cycles of an escalation: it begins, begins anew under other names of messages, and an acknowledgement of it lapses."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from agent.notice.arrangements.policies import PolicySettings
from agent.notice.escalation.activity import last_activity
from agent.notice.escalation.escalation import Escalation
from agent.notice.incidents.incident import LEVELS, Incident


def begun(incident: Incident, policy: PolicySettings, now: datetime, earlier: Escalation | None) -> Escalation:
    if earlier is None:
        return Escalation(incident.id, policy, incident.level, "firing", now)
    return replace(anew(earlier, now), policy=policy, level=incident.level, state="firing", next=0)


def anew(escalation: Escalation, began: datetime) -> Escalation:
    """Another cycle: its messages have other names."""
    return replace(
        escalation, began=began, cycle=escalation.cycle + 1, fired=None, is_unanswered=False, held_until=None
    )


def rose(escalation: Escalation, incident: Incident, policy: PolicySettings) -> bool:
    """Whether its level is higher now, and another policy is for that."""
    if policy.name == escalation.policy.name:
        return False
    return LEVELS.index(incident.level) > LEVELS.index(escalation.level)


def lapses_at(incident: Incident, escalation: Escalation) -> datetime:
    return last_activity(incident) + escalation.policy.acknowledgement
