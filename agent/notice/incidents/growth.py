"""What an alert makes of an incident: of none a new one, of one that it joins the same with more evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.notice.incidents.grouping import incident_id
from agent.notice.incidents.incident import (
    LEVELS,
    MOST_ALERT_IDS,
    MOST_RULES,
    Decision,
    Incident,
    RuleCount,
    State,
    highest,
)
from agent.notice.incidents.incident_alert import IncidentAlert
from agent.notice.settings import Level, NoticeSettings

MOST_LINKS = 50
BY = "leakline"
"""Who decides what no person decided."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which level on an incident is more than a candidate, and whether clocks run at all."""

    level: Level = "high"
    clocks: bool = False

    @classmethod
    def of(cls, settings: NoticeSettings | None) -> Thresholds:
        return cls() if settings is None else cls(settings.clocks_from, clocks=True)

    def reaches(self, level: Level) -> bool:
        return LEVELS.index(level) >= LEVELS.index(self.level)


def opened(alert: IncidentAlert, now: datetime, thresholds: Thresholds, related: Sequence[str]) -> Incident:
    """A new incident of this alert. Alerts of a backfill open candidates: nobody is alarmed about the past."""
    serious = thresholds.reaches(alert.level) and alert.origin != "history"
    state: State = "triage" if serious else "candidate"
    fresh = Incident(
        id=incident_id(alert),
        org=alert.org,
        origin=alert.origin,
        state=state,
        level=alert.level,
        title=f"{alert.rule_name} ({alert.actor})" if alert.actor else alert.rule_name,
        opened_at=now,
        detected_at=alert.raised_at,
        first_event=alert.start,
        last_event=alert.end,
        actor=alert.actor,
        related=tuple(related),
        has_clocks=serious and thresholds.clocks,
        decisions=(Decision(state, now, BY, f"level {alert.level}"),),
    )
    return with_evidence(fresh, alert)


def joined(incident: Incident, alert: IncidentAlert, now: datetime, thresholds: Thresholds) -> Incident:
    """The incident with one more alert. Where a candidate's level rises to where clocks begin, it becomes more than that."""
    grown = with_evidence(incident, alert)
    serious = thresholds.reaches(grown.level) and alert.origin != "history"
    if not serious or not incident.is_open:
        return grown
    if grown.state == "candidate":
        decision = Decision("triage", now, BY, f"level {grown.level}")
        grown = replace(grown, state="triage", decisions=(*grown.decisions, decision))
    return replace(grown, has_clocks=True) if thresholds.clocks and not grown.has_clocks else grown


def with_evidence(incident: Incident, alert: IncidentAlert) -> Incident:
    """The incident with what the alert brings; nothing of it is decided."""
    known = alert.is_revision and alert.rule in incident.rules
    ids = incident.alert_ids
    if not known and len(ids) < MOST_ALERT_IDS:
        ids = (*ids, alert.identity)
    links = incident.links
    if new := [link for link in alert.links if link not in links]:
        links = (*links, *new)[:MOST_LINKS]
    return replace(
        incident,
        level=highest(incident.level, alert.level),
        detected_at=min(incident.detected_at, alert.raised_at),
        first_event=min(incident.first_event, alert.start),
        last_event=max(incident.last_event, alert.end),
        links=links,
        rules=_with_rule(incident, alert, known=known),
        alerts=incident.alerts + (not known),
        revisions=incident.revisions + known,
        alert_ids=ids,
        revision=incident.revision + 1,
    )


def _with_rule(incident: Incident, alert: IncidentAlert, *, known: bool) -> dict[str, RuleCount]:
    rules = dict(incident.rules)
    before = rules.get(alert.rule)
    if before is None and len(rules) >= MOST_RULES:
        return rules
    if before is None:
        rules[alert.rule] = RuleCount(alert.rule_name, alert.level, alert.category, 1, alert.matches)
        return rules
    # A later word about an alert has the number of all its matches: what it had before is in it.
    matches = max(before.matches, alert.matches) if known else before.matches + alert.matches
    level = highest(before.level, alert.level)
    rules[alert.rule] = replace(before, alerts=before.alerts + (not known), matches=matches, level=level)
    return rules
