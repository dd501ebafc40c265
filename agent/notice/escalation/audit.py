"""Whether everything of a shard that must be told has a next step in time: asked from outside of what decides it, so that a fault there
shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from agent.notice.clock import TIMERS as CLOCK_TIMERS
from agent.notice.escalation.activity import calls, fitting
from agent.notice.escalation.escalation import ESCALATION, TIMERS, decode
from agent.notice.incidents.book import ESCALATE, OPEN, readable_incident, waits
from agent.notice.messages import outbox
from agent.notice.settings import NoticeSettings
from agent.notice.timer_keys import instant
from agent.store.state import StateRecall

OVERDUE = timedelta(seconds=60)
"""By which a step, or the look at a clock, is behind."""
WAITING = timedelta(minutes=5)
"""By which a message is behind that nobody tried to send."""


def behind(
    recall: StateRecall, org: str, settings: NoticeSettings, now: datetime, channels: Sequence[str]
) -> Iterator[str]:
    """A sentence for each thing that is behind. `org`: the name of the shard; `channels`: names of those that there are."""
    timers, _ = TIMERS.read_all(recall.keys(TIMERS.prefix))  # that of a damaged key has no step then, which is found
    marked = {key.removeprefix(ESCALATE) for key in recall.keys(ESCALATE)}
    for key in recall.keys(OPEN):
        number = key.rpartition("/")[2]
        if "/candidate/" not in key and number not in timers and number not in marked:
            yield from _without_step(recall, number, org, settings)
    for number in sorted(marked - timers.keys()):
        yield from _not_looked_at(recall, number, org, settings, now)
    for number, at in timers.items():
        if (late := now - instant(at)) > OVERDUE:
            yield f"{number} was to be looked at {_seconds(late)} ago"
    clocks, _ = CLOCK_TIMERS.read_all(recall.keys(CLOCK_TIMERS.prefix))
    for number, at in clocks.items():
        if (late := now - instant(at)) > OVERDUE:
            yield f"the clocks of {number} were to be looked at {_seconds(late)} ago"
    for channel in channels:
        for at, number in outbox.waiting(recall, channel):
            if (late := now - instant(at)) > WAITING:
                yield f"{number} waits for {channel} since {_seconds(late)}"
            break  # they are in the order of their times


def _not_looked_at(
    recall: StateRecall, number: str, org: str, settings: NoticeSettings, now: datetime
) -> Iterator[str]:
    """One that is marked to be looked at, and has no step yet, for longer than a look takes."""
    incident = readable_incident(recall, number)
    if incident is None or not waits(incident) or fitting(settings.policies_in_force, incident, org) is None:
        return
    late = now - max([incident.opened_at, *(decision.at for decision in incident.decisions)])
    if calls(incident) and late > OVERDUE:
        yield f"{number} waits for its first step since {_seconds(late)}"


def _without_step(recall: StateRecall, number: str, org: str, settings: NoticeSettings) -> Iterator[str]:
    incident, stored = readable_incident(recall, number), recall(ESCALATION + number)
    try:
        escalation = decode(stored) if stored is not None else None
    except ValueError:
        return  # its keeper says so, and it begins again
    if incident is not None and calls(incident) and fitting(settings.policies_in_force, incident, org) is not None:
        state = escalation.state if escalation is not None else "none"
        yield f"{number} is {incident.state}, and no step of its escalation is planned (its state: {state})"


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"
