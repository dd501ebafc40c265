"""What becomes of an incident by the passing of time alone, and when it is to be looked at next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

from agent.duration import written
from agent.notice.clock import Clock
from agent.notice.clocks.basis import KnownBasis
from agent.notice.deadlines import AWARE
from agent.notice.incidents.desk import IncidentChange
from agent.notice.incidents.growth import BY
from agent.notice.incidents.incident import Decision, Incident
from agent.notice.settings import NoticeSettings

CLOSED, SNOOZED = "incident-closed", "incident-snooze-ended"


def tended(change: IncidentChange, incident: Incident, settings: NoticeSettings) -> Incident:
    """The incident after what is due: its snooze ends, a candidate that nobody judged is closed, links of an ended one are
    forgotten.
    """
    now = change.now
    if incident.snoozed_until is not None and incident.snoozed_until <= now:
        awake = replace(incident, snoozed_until=None)
        message = f"{incident.id} ({incident.title}) is no longer put aside"
        incident = change.put(incident, awake, SNOOZED, message, by=BY, data={}, reckon=False)
    if (expires := expiry(incident, settings)) is not None and expires <= now:
        incident = _closed(change, incident, settings)
    if (forgotten := links_end(incident, settings)) is not None and forgotten <= now:
        change.forget_links(incident)
    return incident


def _closed(change: IncidentChange, incident: Incident, settings: NoticeSettings) -> Incident:
    reason = f"no alert for {written(settings.close_candidates_after)}, and no person decided otherwise"
    decision = Decision("closed", change.now, BY, reason)
    closed = replace(incident, state="closed", decisions=(*incident.decisions, decision))
    message = f"candidate {incident.id} ({incident.title}) is closed: {reason}"
    return change.put(
        incident, closed, CLOSED, message, by=BY, data={"state": "closed", "reason": reason}, reckon=False
    )


def expiry(incident: Incident, settings: NoticeSettings) -> datetime | None:
    """When a candidate is closed; None for what is no candidate, or has a clock."""
    if incident.state != "candidate" or incident.has_clocks:
        return None
    decided = [decision.at for decision in incident.decisions[-1:]]
    return max(incident.opened_at, incident.last_event, *decided) + settings.close_candidates_after


def links_end(incident: Incident, settings: NoticeSettings) -> datetime | None:
    """When alerts no longer name an ended incident as related."""
    if incident.is_open or not incident.decisions:
        return None
    return incident.decisions[-1].at + settings.group_within


def presumption(incident: Incident, bases: Sequence[KnownBasis]) -> datetime | None:
    """When awareness is presumed; None where somebody is aware, or it has ended. Of several bases the earliest counts."""
    if not bases or not incident.has_clocks or not incident.is_open or AWARE in incident.anchors:
        return None
    return incident.detected_at + min(known.basis.presume_aware_after for known in bases)


def next_look(
    incident: Incident,
    clocks: Sequence[Clock],
    bases: Sequence[KnownBasis],
    settings: NoticeSettings,
    now: datetime,
) -> datetime | None:
    """The first instant at which time alone changes something; None where it never does."""
    return min(_instants(incident, clocks, bases, settings, now), default=None)


def _instants(
    incident: Incident,
    clocks: Sequence[Clock],
    bases: Sequence[KnownBasis],
    settings: NoticeSettings,
    now: datetime,
) -> Iterator[datetime]:
    running = [clock for clock in clocks if not clock.has_ended]
    for clock in running:
        if clock.due is not None and clock.state != "late":
            yield clock.due
        if clock.shadow_due is not None and not clock.passed_shadow:
            yield clock.shadow_due
    if running:
        yield from _laws_to_come(bases, now)
    if (presumed := presumption(incident, bases)) is not None:
        yield presumed
    if incident.snoozed_until is not None:
        yield incident.snoozed_until
    if (expires := expiry(incident, settings)) is not None:
        yield expires
    if (forgotten := links_end(incident, settings)) is not None and forgotten > now:
        yield forgotten


def _laws_to_come(bases: Sequence[KnownBasis], now: datetime) -> Iterator[datetime]:
    """A law that comes into force while an incident is open may add to it."""
    for known in bases:
        for regime in known.pack.regimes:
            if regime.effective_from is not None and regime.effective_from > now.date():
                yield datetime.combine(regime.effective_from, time(tzinfo=UTC))
