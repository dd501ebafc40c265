"""What an alert makes of an incident: of none a new one, of one that it joins the same with more evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from agent.detection.sigma.rule import Level
from agent.notice.incidents import evidence
from agent.notice.incidents.grouping import incident_id
from agent.notice.incidents.incident import (
    LEVELS,
    MOST_ALERT_IDS,
    MOST_RULES,
    Decision,
    Incident,
    Origin,
    RuleCount,
    State,
    highest,
)
from agent.notice.incidents.incident_alert import IncidentAlert
from agent.notice.settings import NoticeSettings

MOST_LINKS = 50
FURTHER = "*"
"""In the place of a rule's id: all rules above `MOST_RULES`."""
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

    def reaches(self, level: Level, origin: Origin) -> bool:
        """Alerts of a backfill make candidates alone: nobody is alarmed about the past."""
        return LEVELS.index(level) >= LEVELS.index(self.level) and origin != "history"


def opened(alert: IncidentAlert, now: datetime, thresholds: Thresholds, related: Sequence[str]) -> Incident:
    """A new incident of this alert."""
    serious = thresholds.reaches(alert.level, alert.origin)
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
    return raised(grown, now, thresholds) if grown.is_open and grown is not incident else grown


def raised(incident: Incident, now: datetime, thresholds: Thresholds) -> Incident:
    """An open incident, which is more than a candidate from a level on."""
    if not thresholds.reaches(incident.level, incident.origin):
        return incident
    if incident.state == "candidate":
        decision = Decision("triage", now, BY, f"level {incident.level}")
        incident = replace(incident, state="triage", decisions=(*incident.decisions, decision))
    return replace(incident, has_clocks=True) if thresholds.clocks and not incident.has_clocks else incident


def with_evidence(incident: Incident, alert: IncidentAlert) -> Incident:
    """The incident with what the alert brings; nothing of it is decided."""
    if not alert.is_revision and alert.identity in incident.alert_ids:
        return incident  # it came twice
    known = alert.is_revision and (alert.rule in incident.rules or FURTHER in incident.rules)
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
        signals=evidence.signals(incident.signals, alert),
        traces=evidence.traces(incident.traces, alert),
        revision=incident.revision + 1,
    )


def _with_rule(incident: Incident, alert: IncidentAlert, *, known: bool) -> dict[str, RuleCount]:
    rules = dict(incident.rules)
    full = alert.rule not in rules and len(rules) >= MOST_RULES
    rule = FURTHER if full else alert.rule
    fresh = RuleCount("further rules" if full else alert.rule_name, alert.level, "" if full else alert.category, 0, 0)
    count = rules.get(rule, fresh)
    # A later word about an alert has the number of all its matches: what it had before is in it.
    matches = max(count.matches, alert.matches) if known else count.matches + alert.matches
    measured = evidence.rows(alert)
    rules[rule] = replace(
        count,
        alerts=count.alerts + (not known),
        matches=matches,
        level=highest(count.level, alert.level),
        # Different rules overlap: of the further ones the largest alert counts.
        rows=count.rows + (0 if alert.is_revision or full else measured),
        most_rows=max(count.most_rows, measured),
    )
    return rules
