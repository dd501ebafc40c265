"""Keeps the escalation of one incident after the other, inside a change of the desk: whoever must be told now is told.

Looking at an incident again tells nobody anything that is not due. What fell due while nobody looked is told once, the newest
step of it to all that were to be told, with how late it is and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from agent.duration import written
from agent.notice.arrangements.channels import ChannelSettings
from agent.notice.arrangements.policies import PolicySettings
from agent.notice.clocks.lateness import Lateness
from agent.notice.clocks.stored_clocks import stored_clocks
from agent.notice.escalation.activity import calls, fitting, last_activity
from agent.notice.escalation.alarm_messages import keep_alarms
from agent.notice.escalation.cycles import anew, begun, lapses_at, rose
from agent.notice.escalation.escalation import (
    ESCALATION,
    TIMERS,
    Escalation,
    decode,
    encode,
    newest_due,
    rounds_end,
    step_time,
    tier_of,
)
from agent.notice.escalation.escalation_event import fields
from agent.notice.escalation.next_look import next_look
from agent.notice.escalation.outcome import all_failed, any_accepted, withdraw
from agent.notice.escalation.step_messages import NOBODY, Telling, after_failure, fire, somebody_now
from agent.notice.incidents.book import ESCALATE
from agent.notice.incidents.desk import IncidentChange
from agent.notice.incidents.growth import BY
from agent.notice.incidents.incident import LEVELS, Incident
from agent.notice.messages import text
from agent.notice.on_call.roster import Roster
from agent.notice.settings import NoticeSettings
from agent.notice.timer_keys import first_millisecond
from agent.store.state import StateRecall

log = structlog.get_logger()

UNANSWERED = "escalation-unanswered"
"""A kind of problem."""

LAPSED, RESTARTED, HELD = "acknowledgement-lapsed", "escalation-restarted", "escalation-held"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What escalations of all shards are kept with."""

    settings: NoticeSettings
    roster: Roster
    lateness: Lateness
    maintenance: Callable[[datetime], datetime | None] = lambda _: None
    """Until when a maintenance window is open; None where none is."""

    @property
    def channels(self) -> dict[str, ChannelSettings]:
        return {channel.name: channel for channel in self.settings.channels}


class EscalationKeeper:
    """Of one shard."""

    def __init__(self, recall: StateRecall, org: str, surroundings: Surroundings) -> None:
        """`org`: its name in the settings; empty for what is of none."""
        self._recall = recall
        self._org = org
        self._with = surroundings

    def look(self, change: IncidentChange, number: str, timer: int | None) -> int | None:
        """Do what is due of an incident; returns when it is to be looked at next, in milliseconds, None for never.

        `timer`: when it was to be looked at. Raises ValueError for an incident that is damaged.
        """
        done: dict[str, bytes | None] = {ESCALATE + number: None}
        if timer is not None:
            done[TIMERS.key(timer, number)] = None
        incident, at = change.incident(number), None
        if incident is not None:
            at = self._kept(change, incident)
        following = first_millisecond(at) if at is not None else None
        if following is not None:
            done[TIMERS.key(following, number)] = b""
        change.apply(done)
        return following

    def _kept(self, change: IncidentChange, incident: Incident) -> datetime | None:
        before = self._stored(incident.id)
        if incident.state == "candidate" and before is None and not incident.has_clocks:
            return None
        clocks = stored_clocks(self._recall, change, incident) if incident.has_clocks or incident.bases else []
        telling = Telling(change, incident, self._org, clocks, self._recall, self._with.roster, self._with.channels)
        after, incident = self._stepped(telling, before)
        telling = replace(telling, incident=incident)
        after, is_silent = keep_alarms(telling, after, self._with.settings, self._with.lateness)
        if after is None:
            return None
        if after != before:
            change.apply({ESCALATION + incident.id: encode(after)})
        return next_look(telling, after, self._with.settings.alarms, is_silent=is_silent)

    def _stored(self, number: str) -> Escalation | None:
        data = self._recall(ESCALATION + number)
        try:
            return decode(data) if data is not None else None
        except ValueError as error:
            log.error("an escalation cannot be read, and begins again", incident=number, reason=str(error)[:300])
            return None

    # Steps

    def _stepped(self, telling: Telling, before: Escalation | None) -> tuple[Escalation | None, Incident]:
        """After what is due of its steps; with the incident as it is then."""
        change, incident = telling.change, telling.incident
        policy = fitting(self._with.settings.policies_in_force, incident, self._org)
        if not calls(incident) or (policy is None and before is None):
            return self._over(telling, before), incident
        if before is None or before.state == "over":
            if policy is None:
                return before, incident
            is_damaged = before is None and self._recall(ESCALATION + incident.id) is not None
            before = begun(incident, policy, change.now, before)
            if is_damaged:  # its cycles are not known: names of messages must not come again
                before = replace(before, cycle=int(change.now.timestamp()))
        if incident.is_acknowledged:
            return self._acknowledged(telling, before, policy)
        after = replace(before, state="firing")
        if before.state == "acknowledged":  # somebody took it back
            after = replace(anew(after, change.now), policy=policy or before.policy, next=0)
        elif policy is not None and rose(before, incident, policy):
            after = replace(anew(after, change.now), policy=policy, next=0)
            message = f"{incident.id} is {incident.level} now: the policy {policy.name} begins"
            telling.tell(RESTARTED, message, after, {"policy": policy.name})
        return self._fired(telling, replace(after, level=incident.level)), incident

    def _over(self, telling: Telling, before: Escalation | None) -> Escalation | None:
        """Nobody need be told of it any more."""
        if before is None or before.state == "over":
            return before
        self._end(telling, before)
        return replace(before, state="over", is_unanswered=False, held_until=None)

    def _acknowledged(
        self, telling: Telling, before: Escalation, policy: PolicySettings | None
    ) -> tuple[Escalation, Incident]:
        """It holds for a while after the last that anybody did, and not for a graver incident than the one that was acknowledged."""
        change, incident = telling.change, telling.incident
        if before.state != "acknowledged":
            self._end(telling, before)
        after = replace(before, state="acknowledged", is_unanswered=False, held_until=None)
        if policy is not None and rose(after, incident, policy):
            graver = replace(anew(after, change.now), policy=policy, level=incident.level, state="firing", next=0)
            said = (
                f"{incident.id} is {incident.level} now: its acknowledgement ends, and the policy {policy.name} begins"
            )
            return self._awake(telling, graver, RESTARTED, said, 0)
        lapses = lapses_at(incident, after)
        if lapses > change.now:
            return after, incident
        last = last_activity(incident)
        message = (
            f"{incident.id}: nothing was done for {written(after.policy.acknowledgement)} since "
            f"{last:%Y-%m-%d %H:%M} UTC; its acknowledgement ends, and the next tier is notified"
        )
        late = self._with.lateness.words(lapses, change.now, is_new=False)
        tier = min(tier_of(after, max(after.next - 1, 0)) + 1, len(after.policy.steps) - 1)
        again = replace(anew(after, change.now - after.policy.steps[tier].after), state="firing", next=tier)
        return self._awake(telling, again, LAPSED, message + late, tier)

    def _awake(
        self, telling: Telling, escalation: Escalation, action: str, message: str, tier: int
    ) -> tuple[Escalation, Incident]:
        """It waits for somebody again."""
        incident = telling.change.put(
            telling.incident,
            replace(telling.incident, acknowledged_by="", acknowledged_at=None),
            action,
            message,
            by=BY,
            data={"policy": escalation.policy.name, "tier": tier + 1},
            further=fields(escalation, tier),
            reckon=False,
        )
        return self._fired(replace(telling, incident=incident), escalation), incident

    def _end(self, telling: Telling, escalation: Escalation) -> None:
        withdraw(telling.change, self._recall, escalation)
        number = telling.incident.id
        for kind in (UNANSWERED, NOBODY):
            telling.change.problems.over(kind, number, f"{number}: it is acknowledged, or does not wait any more")

    def _fired(self, telling: Telling, escalation: Escalation) -> Escalation:
        """Every step that is due, told as one."""
        change, incident = telling.change, telling.incident
        now = change.now
        if any_accepted(self._recall, escalation):
            change.problems.over(NOBODY, incident.id, f"{incident.id}: a message was accepted")
        held = self._held(incident, now)
        if held is None and all_failed(self._recall, escalation):
            escalation = after_failure(telling, escalation)
        if held is None:
            escalation = somebody_now(telling, escalation)
        due = step_time(escalation, escalation.next)
        if due > now or held is not None:
            return self._hold(telling, escalation, held if due <= now else None)
        late = ""
        if (
            escalation.held_until is not None
        ):  # what was held begins again where it was, and not with all that was left out
            late = f"; it was held until {escalation.held_until:%Y-%m-%d %H:%M} UTC"
            began = escalation.began + max(min(escalation.held_until, now) - due, timedelta(0))
            escalation = replace(escalation, began=began, held_until=None)
            due = step_time(escalation, escalation.next)
        number = newest_due(escalation, escalation.next, now)
        late += self._with.lateness.words(due, now, is_new=incident.opened_at >= due)
        return self._marked(telling, fire(telling, escalation, number, late=late))

    def _hold(self, telling: Telling, escalation: Escalation, until: datetime | None) -> Escalation:
        if until is None or until == escalation.held_until:
            return replace(escalation, held_until=until)
        after = replace(escalation, held_until=until)
        message = f"{telling.incident.id} is put aside or there is maintenance: no message is sent before {until:%Y-%m-%d %H:%M} UTC"
        telling.tell(HELD, message, after, {"until": until.isoformat()})
        return after

    def _held(self, incident: Incident, now: datetime) -> datetime | None:
        """Until when steps wait; never those of a critical incident."""
        if incident.level == LEVELS[-1]:
            return None
        until = [incident.snoozed_until, self._with.maintenance(now)]
        return max((end for end in until if end is not None and end > now), default=None)

    def _marked(self, telling: Telling, escalation: Escalation) -> Escalation:
        """Says that all rounds are over without anybody."""
        if escalation.next < rounds_end(escalation) or escalation.is_unanswered:
            return escalation
        number, policy = telling.incident.id, escalation.policy
        drill = text.drill(telling.incident)
        message = f"{drill}{number}: all rounds of the policy {policy.name} are over, and no person acknowledged"
        telling.change.problems.report(UNANSWERED, number, message, org=telling.incident.org)
        return replace(escalation, is_unanswered=True)
