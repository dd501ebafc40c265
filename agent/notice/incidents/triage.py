"""What Leakline thinks of an incident after alerts joined it: its score, what can be estimated, and whether it is a duplicate.

A duplicate is a candidate of which everything was judged not a breach before, about the same user, and of which little speaks for
a leak. It is closed with the earlier incident as its reason, an event and a record; if it grows beyond what was judged, it is
opened again. What runs clocks, and what a person has touched, is never closed here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from agent.notice.incidents.book import IncidentBook
from agent.notice.incidents.estimates import facts_of
from agent.notice.incidents.growth import BY, MOST_LINKS, Thresholds, raised
from agent.notice.incidents.incident import MOST_RULES, Decision, Incident
from agent.notice.incidents.rule_verdict import RuleVerdict, judged
from agent.notice.incidents.score import scored

log = structlog.get_logger()

LOW = 25
"""Below it a score is low: a medium level with a hundred thousand rows or with two signals reaches it although it was judged."""

DUPLICATE = "duplicate of "
"""How the reason of such an end begins."""


class Triage:
    """Of one shard. Its caller holds the shard's commit lock."""

    def __init__(self, book: IncidentBook, thresholds: Thresholds, counts_for: timedelta) -> None:
        """`counts_for`: how long a person's verdict counts."""
        self._book = book
        self._thresholds = thresholds
        self._counts_for = counts_for

    def __call__(self, incident: Incident, now: datetime) -> Incident:
        verdict = self._verdict(incident, now)
        incident = replace(incident, score=scored(incident, verdict), facts=facts_of(incident, now))
        low = verdict is not None and incident.score.value < LOW
        if verdict is not None and low and _may_end(incident):
            return _closed(incident, verdict, now)
        if not low and is_duplicate(incident):
            return self._opened_again(incident, now)
        return incident

    def _verdict(self, incident: Incident, now: datetime) -> RuleVerdict | None:
        """None also where not everything that belongs to it is kept."""
        whole = len(incident.rules) < MOST_RULES and len(incident.links) < MOST_LINKS
        try:
            return judged(incident, self._book.recall, now, self._counts_for) if whole else None
        except ValueError as error:
            log.error("what was judged before cannot be read", incident=incident.id, reason=str(error)[:300])
            return None

    def _opened_again(self, incident: Incident, now: datetime) -> Incident:
        decision = Decision("candidate", now, BY, f"it is more now than what was judged: score {incident.score.value}")
        again = replace(
            incident,
            state="candidate",
            decisions=(*incident.decisions, decision),
            revision=incident.revision + 1,
        )
        return raised(again, now, self._thresholds)


def is_duplicate(incident: Incident) -> bool:
    """Whether it was closed as one."""
    last = incident.decisions[-1] if incident.decisions else None
    return incident.state == "closed" and last is not None and last.by == BY and last.reason.startswith(DUPLICATE)


def _may_end(incident: Incident) -> bool:
    touched = incident.acknowledged_by or incident.assignee or incident.comments or incident.anchors
    decided = any(decision.by != BY for decision in incident.decisions)
    return incident.state == "candidate" and not incident.has_clocks and not touched and not decided


def _closed(incident: Incident, verdict: RuleVerdict, now: datetime) -> Incident:
    reason = (
        f"{DUPLICATE}{verdict.incident}: the same rules and user were judged not a breach on {verdict.at:%Y-%m-%d} by"
        f" {verdict.by} ({verdict.reason}), and the score of {incident.score.value} is below {LOW}"
    )
    return replace(
        incident,
        state="closed",
        decisions=(*incident.decisions, Decision("closed", now, BY, reason)),
        related=tuple(dict.fromkeys([verdict.incident, *incident.related])),
        revision=incident.revision + 1,
    )
