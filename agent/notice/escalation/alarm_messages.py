"""Alarms of deadlines: all that fall due for an incident in one look are one message to each place."""

from __future__ import annotations

from collections.abc import Sequence

from agent.notice.arrangements.policies import EVERYONE
from agent.notice.clocks.lateness import Lateness
from agent.notice.escalation.alarms import Alarm
from agent.notice.escalation.escalation import Escalation
from agent.notice.escalation.step_messages import NOBODY, Telling, messages_to
from agent.notice.messages import text

ALARM = "deadline-alarm"


def tell_alarms(telling: Telling, escalation: Escalation, alarms: Sequence[Alarm], lateness: Lateness) -> bool:
    """To the tier of the one of which most has passed; to everyone where that is nobody. Whether there is anybody at all."""
    change, incident = telling.change, telling.incident
    steps = escalation.policy.steps
    tier = min(max(alarm.passed for alarm in alarms), len(steps)) - 1
    words = list(dict.fromkeys(word for step in steps[: tier + 1] for word in step.notify))
    people = telling.roster.people(words, change.now) or telling.roster.people([EVERYONE], change.now)
    clocks = [alarm.clock for alarm in alarms]
    due = min(alarm.at for alarm in alarms)
    late = lateness.words(due, change.now, is_new=due <= incident.opened_at)
    summary = text.alarm(incident, telling.org, clocks, change.now) + late
    named = sorted((alarm.clock.id, alarm.passed, alarm.due.isoformat()) for alarm in alarms)
    occasion = (incident.id, "alarm", repr(named))
    lines = list(text.clock_lines(clocks, change.now))
    messages = messages_to(telling, people, "alarm", occasion, summary, due, tier + 1, lines)
    if not messages and change.problems.is_open(NOBODY, incident.id):
        return False  # it is said
    telling.put(messages)
    if messages:
        change.problems.over(NOBODY, incident.id, f"{incident.id}: a person is there again")
    else:
        said = f"{text.drill(incident)}{incident.id}: a deadline comes near, and no person can be notified"
        change.problems.report(NOBODY, incident.id, said, org=incident.org)
    channels = sorted({message.target.channel for message in messages})
    first = min(alarms, key=lambda alarm: alarm.due)
    told = f"is sent over {', '.join(channels)}" if channels else "can be sent to no person"
    count = f" and {len(alarms) - 1} further" if len(alarms) > 1 else ""
    message = f"{incident.id}: the deadline {first.clock.id}{count}, {first.due:%Y-%m-%d %H:%M} UTC, {told}{late}"
    data = {
        "tier": tier + 1,
        "clocks": [{"clock": name, "parts": passed, "due": date} for name, passed, date in named],
        "messages": [found.id for found in messages],
        "channels": channels,
    }
    telling.tell(ALARM, message, escalation, data, tier=tier, due=first.due, people=people)
    return bool(messages)
