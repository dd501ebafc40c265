"""The alert that opens the incident of a legal drill."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.detection.sigma.rule import Level
from agent.notice.incidents.incident_alert import IncidentAlert

EVIDENCE = timedelta(hours=2)
"""How long before the detection the first event was."""


def drill_alert(now: datetime, level: Level) -> IncidentAlert:
    """Raised now, of no org and about no person."""
    return IncidentAlert(
        row=0,
        id="0" * 32,
        identity="0" * 32,
        is_revision=False,
        raised_at=now,
        start=now - EVIDENCE,
        end=now - EVIDENCE / 2,
        org="",
        origin="drill",
        rule="drill",
        rule_name="A legal drill",
        category="exfiltration",
        level=level,
        matches=1,
        actor="",
        links=["rule:drill"],
        cells={},
    )
