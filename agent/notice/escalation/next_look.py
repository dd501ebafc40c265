"""When an incident's escalation is to be looked at next."""

from __future__ import annotations

from datetime import datetime, timedelta

from agent.notice.arrangements.policies import AlarmSettings
from agent.notice.escalation.alarms import next_alarms
from agent.notice.escalation.cycles import lapses_at
from agent.notice.escalation.escalation import Escalation, step_time
from agent.notice.escalation.step_messages import Telling

LOOK_AGAIN = timedelta(minutes=1)
"""Between two looks at an incident whose steps are held, for a maintenance window may be ended early, or where nobody is on call."""


def next_look(telling: Telling, escalation: Escalation, settings: AlarmSettings, *, is_silent: bool) -> datetime | None:
    """None for never. `is_silent`: alarms are due, and there is nobody to be told."""
    incident, now = telling.incident, telling.change.now
    times = list(next_alarms(telling.clocks, incident.detected_at, settings, now))
    if is_silent:
        times.append(now + LOOK_AGAIN)
    if escalation.state == "firing":
        held = escalation.held_until
        if escalation.fired is not None and not escalation.fired.messages:
            times.append(now + LOOK_AGAIN)
        times.append(min(held, now + LOOK_AGAIN) if held is not None else step_time(escalation, escalation.next))
    if escalation.state == "acknowledged":
        times.append(lapses_at(incident, escalation))
    return min(times, default=None)
