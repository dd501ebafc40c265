"""Alarms of deadlines: all that fall due for an incident in one look are one message to each place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.notice.clocks.lateness import Lateness
from agent.notice.escalation.activity import fitting
from agent.notice.escalation.alarms import Alarm, alarms
from agent.notice.escalation.escalation import Escalation
from agent.notice.escalation.step_messages import NOBODY, Telling, messages_to
from agent.notice.messages import text
from agent.notice.settings import NoticeSettings

ALARM = "deadline-alarm"


def keep_alarms(
    telling: Telling, escalation: Escalation | None, settings: NoticeSettings, lateness: Lateness
) -> tuple[Escalation | None, bool]:
    """After the alarms of deadlines that are due, whether or not anybody has acknowledged; and whether there was nobody to be
    told, so that they stay due.
    """
    change, incident = telling.change, telling.incident
    policies = settings.policies_in_force
    if not telling.clocks or not policies:
        return escalation, False
    policy = fitting(policies, incident, telling.org) or policies[-1]
    kept = escalation or Escalation(incident.id, policy, incident.level, "over", change.now)
    found, marks = alarms(telling.clocks, incident.detected_at, kept.alarms, settings.alarms, change.now)
    if found and not _tell(telling, kept, found, lateness):
        return kept, True
    return (replace(kept, alarms=marks) if marks != kept.alarms else escalation), False


def _tell(telling: Telling, escalation: Escalation, due_ones: Sequence[Alarm], lateness: Lateness) -> bool:
    """To the tier of the one of which most has passed; to everyone where that is nobody. Whether there is anybody at all."""
    change, incident = telling.change, telling.incident
    tier = min(max(alarm.passed for alarm in due_ones), len(escalation.policy.steps)) - 1
    people = telling.people_up_to(escalation.policy, tier)
    clocks = [alarm.clock for alarm in due_ones]
    due = min(alarm.at for alarm in due_ones)
    late = lateness.words(due, change.now, is_new=due <= incident.opened_at)
    summary = text.alarm(incident, telling.org, clocks, change.now) + late
    named = sorted((alarm.clock.id, alarm.passed, alarm.due.isoformat()) for alarm in due_ones)
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
    first = min(due_ones, key=lambda alarm: alarm.due)
    told = f"is sent over {', '.join(channels)}" if channels else "can be sent to no person"
    count = f" and {len(due_ones) - 1} further" if len(due_ones) > 1 else ""
    message = f"{incident.id}: the deadline {first.clock.id}{count}, {first.due:%Y-%m-%d %H:%M} UTC, {told}{late}"
    data = {
        "tier": tier + 1,
        "clocks": [{"clock": name, "parts": passed, "due": date} for name, passed, date in named],
        "messages": [found.id for found in messages],
        "channels": channels,
    }
    telling.tell(ALARM, message, escalation, data, tier=tier, due=first.due, people=people)
    return bool(messages)
