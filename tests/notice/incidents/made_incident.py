"""Incidents of a test, as alerts make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from agent.detection.sigma.rule import Level
from agent.notice.clock import Clock
from agent.notice.incidents.growth import Thresholds, joined, opened
from agent.notice.incidents.incident import Incident, Origin
from agent.notice.incidents.incident_alert import IncidentAlert

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLOCK = Clock(
    regime="eu-gdpr-33",
    obligation="sa",
    stage="notification",
    recipient="authority",
    state="running",
    anchor="aware",
    anchored_at=NOW - HOUR,
    due=NOW + 71 * HOUR,
    shadow_due=NOW + 70 * HOUR,
    planned_due=NOW + 70 * HOUR,
    presumed=False,
    policy=False,
    basis="Art. 33",
)
CLOCKS = Thresholds("high", clocks=True)


def alert(
    number: int, *, user: str = "ana", level: Level = "high", rule: str = "export", origin: Origin = "live"
) -> IncidentAlert:
    """Raised `number` minutes after ten o'clock, of an hour before."""
    begin = NOW - 3 * HOUR + timedelta(minutes=number)
    return IncidentAlert(
        row=0,
        id=f"{number:032x}",
        identity=f"{number:032x}",
        is_revision=False,
        raised_at=begin + HOUR,
        start=begin,
        end=begin + timedelta(minutes=30),
        org="00DHs00000syWDpMAM",
        origin=origin,
        rule=rule,
        rule_name=f"Rule {rule}",
        category="exfiltration",
        level=level,
        matches=3,
        actor=user,
        links=[f"user:{user}"],
        cells={},
    )


def incident(*alerts: IncidentAlert) -> Incident:
    """Of these alerts, or of one of level high."""
    first, *further = alerts or (alert(0),)
    made = opened(first, NOW - HOUR, CLOCKS, [])
    for another in further:
        made = joined(made, another, NOW - HOUR, CLOCKS)
    return made
