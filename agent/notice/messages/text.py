"""What messages say. Of an incident only what no event brought: its id, level and state, the names of rules, orgs and laws, times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from agent.notice.clock import Clock
from agent.notice.incidents.incident import Incident
from agent.notice.messages.message import DRILL
from agent.wording.moment import utc

MOST_RULES = 3
MOST_CLOCKS = 10


def call(incident: Incident, org: str, tier: int) -> str:
    """That an incident waits."""
    since = f"since {utc(incident.detected_at)}"
    return f"{drill(incident)}{incident.level} incident {incident.id}{_of(org)} waits for an acknowledgement (tier {tier}, {since})"


def alarm(incident: Incident, org: str, clocks: Sequence[Clock], now: datetime) -> str:
    """That deadlines come near."""
    first = min(clocks, key=_due)
    due = _due(first)
    further = f" and {len(clocks) - 1} further" if len(clocks) > 1 else ""
    when = f"ends at {utc(due)}" if due > now else f"has PASSED at {utc(due)}"
    return f"{drill(incident)}deadline of {first.regime} {first.obligation}{further} for {incident.id}{_of(org)} {when}"


def about(incident: Incident, clocks: Sequence[Clock], now: datetime) -> Iterator[str]:
    """Lines about an incident."""
    names = [count.name for count in sorted(incident.rules.values(), key=lambda count: -count.alerts)]
    if names:
        further = f" and {len(names) - MOST_RULES} further rules" if len(names) > MOST_RULES else ""
        yield f"Rules: {'; '.join(names[:MOST_RULES])}{further}"
    yield f"State {incident.state}, {incident.alerts:,} alerts, score {incident.score.value} of 100"
    yield f"Detected {utc(incident.detected_at)}"
    running = sorted((clock for clock in clocks if not clock.has_ended and clock.next_due is not None), key=_due)
    for clock in running[:1]:
        yield f"Next deadline, if it is a breach: {clock_line(clock, now)}"
    yield f"To acknowledge: leakline incidents acknowledge {incident.id}"


def clock_lines(clocks: Sequence[Clock], now: datetime) -> Iterator[str]:
    """A line for each clock, the first date first."""
    for clock in sorted(clocks, key=_due)[:MOST_CLOCKS]:
        yield clock_line(clock, now)
    if len(clocks) > MOST_CLOCKS:
        yield f"and {len(clocks) - MOST_CLOCKS} further; `leakline clocks list` has all"


def clock_line(clock: Clock, now: datetime) -> str:
    due = _due(clock)
    minutes = abs(round((due - now) / timedelta(minutes=1)))
    span = f"{minutes // 60} h {minutes % 60} min"
    left = f"{span} left" if due > now else f"late by {span}"
    recipient = clock.recipient.partition(":")[0].replace("_", " ")
    return f"{clock.regime} {clock.obligation}, to {recipient}: {utc(due)} ({left})"


def drill(incident: Incident) -> str:
    return DRILL if incident.origin == "drill" else ""


def _of(org: str) -> str:
    return f" in {org}" if org else ""


def _due(clock: Clock) -> datetime:
    return clock.next_due or datetime.max.replace(tzinfo=UTC)
