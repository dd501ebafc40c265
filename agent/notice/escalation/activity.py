"""Whether somebody must be told of an incident, and when a person last did something about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from agent.notice.arrangements.policies import PolicySettings
from agent.notice.incidents.growth import BY
from agent.notice.incidents.incident import Incident, State

CALLING: frozenset[State] = frozenset({"triage", "suspected", "confirmed"})
"""What waits for somebody: of a candidate nobody need know, and of the others somebody does."""


def calls(incident: Incident) -> bool:
    return incident.state in CALLING


def fitting(policies: Sequence[PolicySettings], incident: Incident, org: str) -> PolicySettings | None:
    """The first policy for its level and org. `org`: its name in the settings."""
    return next((policy for policy in policies if incident.level in policy.levels and _covers(policy, org)), None)


def last_activity(incident: Incident) -> datetime:
    """Of a person; when it was opened where nobody did anything."""
    times = [decision.at for decision in incident.decisions if decision.by != BY]
    times += [comment.at for comment in incident.comments]
    times += [anchor.at for anchor in incident.anchors.values() if anchor.by != BY]
    times += [fact.at for fact in incident.facts.values() if fact.by != BY]
    times += [settlement.recorded_at for settlement in incident.settlements.values()]
    times += [incident.acknowledged_at] if incident.acknowledged_at is not None else []
    return max([incident.opened_at, *times])


def _covers(policy: PolicySettings, org: str) -> bool:
    return not policy.orgs or org in policy.orgs
