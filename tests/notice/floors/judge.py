"""Whether settings that were accepted are weaker than the law: an incident goes through the real clocks, and each date is compared.

Faults are sentences; none means that nothing was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from agent.detection.sigma.rule import Level
from agent.notice.clock import Clock
from agent.notice.clocks.reckon import reckoned
from agent.notice.clocks.shelf import CurrentBasis
from agent.notice.clocks.upkeep import presumption
from agent.notice.escalation.activity import fitting
from agent.notice.escalation.alarms import alarm_times
from agent.notice.incidents.growth import Thresholds, opened
from agent.notice.incidents.incident import Anchor, Incident, Settlement
from agent.notice.messages.targets import targets
from agent.notice.on_call.on_call_roster import OnCallRoster
from agent.notice.regimes.pack import shipped
from agent.notice.settings import NoticeSettings
from tests.notice.floors.law import Demand, demands
from tests.notice.incidents.made_incident import alert

HOUR = timedelta(hours=1)
LATEST_PART = 0.8
"""Of a clock's time: an alarm after that is of no use."""


def faults(written: NoticeSettings, works: NoticeSettings, detected: datetime) -> Iterator[str]:
    """`written`: as they were read; `works`: as the daemon goes by them."""
    law = demands(written.jurisdictions, written.roles, written.sectors, detected.date())
    if not law:
        return
    for level in ("high", "critical"):
        incident = _incident(works, level, detected)
        if not incident.has_clocks or incident.state == "candidate":
            yield f"an incident of the level {level} has no clock"
            continue
        yield from _clocks(works, incident, law)
        if works.people:
            yield from _people(works, incident, law)
    yield from _holds(works, law)


def _incident(settings: NoticeSettings, level: Level, detected: datetime) -> Incident:
    raised = replace(alert(0, level=level), raised_at=detected, start=detected - HOUR, end=detected)
    return opened(raised, detected, Thresholds.of(settings), [])


def _clocks(settings: NoticeSettings, incident: Incident, law: list[Demand]) -> Iterator[str]:
    bases = [CurrentBasis.of(settings, shipped()).known]
    at = incident.detected_at
    clocks = _by_id(reckoned(incident, bases, (), at))
    for demand in law:
        yield from _strict(demand, clocks.get(demand.id), at)
    # Nobody decides: what counts from awareness counts from when it is presumed.
    presumed = presumption(incident, bases)
    for demand in law:
        if "aware" in demand.anchors and (presumed is None or presumed > at + demand.span("aware")):
            yield f"{demand.id}: awareness is presumed {presumed}, more than {demand.span('aware')} after the detection"
    if presumed is not None:
        unjudged = _declared(incident, {"aware": presumed}, presumed=True)
        clocks = _by_id(reckoned(unjudged, bases, (), presumed))
        for demand in law:
            if "aware" in demand.anchors:
                yield from _in_time(demand, clocks.get(demand.id), aware=at + demand.span("aware"))
    # Somebody declares everything, and what comes earlier is sent.
    known = dict.fromkeys([name for demand in law for name in demand.anchors if not demand.is_chained], at + 2 * HOUR)
    told = {demand.id: Settlement("sent", at + 3 * HOUR, "dora", at + 3 * HOUR, receipt="1") for demand in law}
    declared = replace(_declared(incident, known), settlements=told)
    clocks = _by_id(reckoned(declared, bases, (), at + 3 * HOUR))
    for demand in law:
        anchors = {**known, demand.duty.anchor: at + 3 * HOUR} if demand.is_chained else known
        yield from _in_time(demand, clocks.get(demand.id), **anchors)


def _strict(demand: Demand, clock: Clock | None, at: datetime) -> Iterator[str]:
    if clock is None:
        yield f"{demand.id}: there is no clock"
    elif clock.has_ended:
        yield f"{demand.id}: its clock is {clock.state} from the beginning"
    elif demand.is_strict:
        latest = demand.end(**dict.fromkeys(demand.anchors, at))
        if clock.shadow_due is None or (latest is not None and clock.shadow_due > latest):
            yield f"{demand.id}: its strict date is {clock.shadow_due}, and the law's {latest}"


def _in_time(demand: Demand, clock: Clock | None, **anchors: datetime) -> Iterator[str]:
    latest = demand.end(**anchors)
    if clock is not None and latest is not None and (clock.due is None or clock.due > latest):
        yield f"{demand.id}: its date is {clock.due}, and the law's {latest}"


def _people(settings: NoticeSettings, incident: Incident, law: list[Demand]) -> Iterator[str]:
    at = incident.detected_at
    ends = [end for demand in law if demand.is_strict and (end := demand.end(**dict.fromkeys(demand.anchors, at)))]
    roster = OnCallRoster(settings.people, settings.on_call)
    channels = {channel.name: channel for channel in settings.channels}
    for org in ("acme", "an org of a file that came later"):
        policy = fitting(settings.policies_in_force, incident, org)
        if policy is None:
            yield f"{incident.level}, {org}: no policy fits"
            continue
        # Where a step finds nobody the next one is told at once, and in the end everyone.
        words = [*policy.steps[0].notify, "everyone"]
        if not targets(roster.people(words, at), channels):
            yield f"{incident.level}, {org}: no person has a channel"
        if ends and at + policy.steps[0].after >= min(ends):
            yield f"{incident.level}, {org}: the first step is {policy.steps[0].after} after the detection"
        if not any(
            roster.people(step.notify, at + timedelta(hours=hour)) for step in policy.steps for hour in range(0, 168, 3)
        ):
            yield f"{incident.level}, {org}: the steps of {policy.name} are empty all week"
    clocks = reckoned(incident, [CurrentBasis.of(settings, shipped()).known], (), at)
    for clock in clocks:
        if clock.next_due is not None and not clock.has_ended:
            first = min(alarm_times(clock, at, settings.alarms))
            began = clock.anchored_at if clock.due == clock.next_due and clock.anchored_at else at
            if first > began + (clock.next_due - began) * LATEST_PART:
                yield f"{clock.id}: its first alarm is at {first}, and its date {clock.next_due}"


def _holds(settings: NoticeSettings, law: list[Demand]) -> Iterator[str]:
    """Nothing keeps people quiet for longer than a law gives in all."""
    spans = [demand.span(anchor) for demand in law if demand.is_strict for anchor in demand.anchors]
    if not spans:
        return
    holds = {"longest_snooze": settings.longest_snooze, "longest_maintenance": settings.longest_maintenance}
    holds |= {f"acknowledgement of {policy.name}": policy.acknowledgement for policy in settings.policies_in_force}
    for name, span in holds.items():
        if span > min(spans) and (settings.people or name == "longest_snooze"):
            yield f"{name} is {span}, and a law gives {min(spans)}"


def _declared(incident: Incident, times: Mapping[str, datetime], *, presumed: bool = False) -> Incident:
    by = "leakline" if presumed else "dora"
    found = {name: Anchor(time, by, time, "said so", presumed=presumed) for name, time in times.items()}
    return replace(incident, anchors={**incident.anchors, **found})


def _by_id(clocks: list[Clock]) -> dict[str, Clock]:
    return {clock.id: clock for clock in clocks}
