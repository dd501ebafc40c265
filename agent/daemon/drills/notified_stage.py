"""Whether people were notified in time, tier by tier, until one of them answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from agent.daemon.drills.drill_view import DrillView
from agent.daemon.drills.finding import StageFinding, failed, not_set_up, passed, waits
from agent.daemon.sending.channel_health import PROBLEM as CHANNEL_FAILED
from agent.name import OWN
from agent.notice.escalation.activity import calls
from agent.notice.escalation.escalation import Escalation
from agent.notice.incidents.incident import Incident
from agent.notice.messages.message import Message
from agent.wording.moment import utc
from agent.wording.number import counted

IN_TIME = timedelta(seconds=30)
"""After its planned time a tier has to have reached somebody."""


def notified(view: DrillView) -> StageFinding:
    """Every tier of the policy reached a person in time, and every channel that it used accepted its messages."""
    settings, incident = view.node.notice, view.incident()
    if settings is None or not settings.policies_in_force:
        return not_set_up("no person is named in the settings")
    if incident is None:
        return failed("there is no incident")
    levels = {level for policy in settings.policies_in_force for level in policy.levels}
    if incident.level not in levels:
        return not_set_up(f"no policy takes incidents that are {incident.level}")
    escalation = view.escalation(incident)
    if escalation is None:
        return waits(f"no person is notified of {incident.id}")
    return _tiers(view, incident, escalation)


def _tiers(view: DrillView, incident: Incident, escalation: Escalation) -> StageFinding:
    messages = [message for message in view.messages(incident) if message.kind == "escalation"]
    answer, found = _answer(incident), _Tiers()
    for number, step in enumerate(escalation.policy.steps, start=1):
        of_tier = [message for message in messages if message.tier == number]
        found.judge(number, of_tier, escalation.began + step.after, answer, view.now())
    refused = _channels([message for message in messages if _is_refused(view, message, messages, answer)])
    if found.late or (refused and not found.open):
        through = f"; {', '.join(refused)} accepts nothing" if refused else ""
        said = "; ".join(found.late) or "not every channel accepted its messages"
        return failed(said + through + _held(escalation))
    if found.open:
        return waits(f"tier {', '.join(found.open)} is not notified yet{_held(escalation)}")
    if unsent := [message for message in messages if message.state == "waiting"]:
        return waits(f"{counted(len(unsent), 'message')} waits for {', '.join(_channels(unsent))}")
    return _in_time(messages, escalation, answer, found.spared)


def _in_time(
    messages: Sequence[Message], escalation: Escalation, answer: _Answer | None, spared: Sequence[str]
) -> StageFinding:
    name, count = escalation.policy.name, len(escalation.policy.steps)
    over = _channels([message for message in messages if message.state == "accepted"])
    if answer is None or not spared:
        return passed(f"{counted(count, 'tier')} of {name} in time, over {', '.join(over)}")
    if not over:
        return failed(
            f"{answer.by} {answer.what} before a message was accepted, so that no tier was tried; run it again"
        )
    tried = f"{count - len(spared)} of {counted(count, 'tier')} of {name} in time, over {', '.join(over)}"
    return passed(f"{tried}; {answer.by} {answer.what}, so that tier {', '.join(spared)} was not needed")


@dataclass(frozen=True, slots=True)
class _Answer:
    """Of a person to a message, after which no further tier is notified."""

    at: datetime
    by: str
    what: str


def _answer(incident: Incident) -> _Answer | None:
    if incident.acknowledged_at is not None and incident.acknowledged_by != OWN:
        return _Answer(incident.acknowledged_at, incident.acknowledged_by, "acknowledged")
    decided = [decision for decision in incident.decisions if decision.by != OWN]
    if calls(incident) or not decided:
        return None
    return _Answer(decided[-1].at, decided[-1].by, "decided")


@dataclass(slots=True)
class _Tiers:
    """Of a policy, those that did not reach a person in time, by why."""

    late: list[str] = field(default_factory=list)
    """Each with what became of it."""
    open: list[str] = field(default_factory=list)
    """Numbers of those that still have time."""
    spared: list[str] = field(default_factory=list)
    """Numbers of those that are not needed, for a person answered before."""

    def judge(
        self, number: int, messages: Sequence[Message], due: datetime, answer: _Answer | None, now: datetime
    ) -> None:
        """`messages`: of this tier, which is due at `due`."""
        reached = [ended for message in messages if message.state == "accepted" and (ended := message.ended_at)]
        if reached and min(reached) <= due + IN_TIME:
            return
        if not reached and answer is not None and answer.at <= due + IN_TIME:
            self.spared.append(str(number))
        elif not reached and now <= due + IN_TIME:
            self.open.append(str(number))
        else:
            self.late.append(f"tier {number} {_said(reached, due)}")


def _held(escalation: Escalation) -> str:
    if escalation.held_until is None:
        return ""
    return f"; it is put aside or there is maintenance until {utc(escalation.held_until)}"


def _is_refused(view: DrillView, message: Message, messages: Sequence[Message], answer: _Answer | None) -> bool:
    """Given up, or not accepted in its time: until then a further try may succeed. Each has its own time, for tiers are repeated; the
    message of a later one takes the place of what its channel refused, unless the channel accepts again. A channel that is down is
    not tried for each message. Once a person has answered, there is no further try.
    """
    if message.state == "given-up":
        return True
    is_over = message.state == "withdrawn" and answer is not None
    if message.state == "accepted" or (view.now() <= message.due + IN_TIME and not is_over):
        return False
    channel = message.target.channel
    later = [other for other in messages if other.target.channel == channel and other.due >= message.due]
    tried = message.attempts > 0 or (is_over and view.node.own_problems.is_open(CHANNEL_FAILED, channel))
    return message.state == "waiting" or (tried and not any(other.state == "accepted" for other in later))


def _said(reached: Sequence[datetime], due: datetime) -> str:
    if not reached:
        return "reached no person"
    return f"reached a person {(min(reached) - due).total_seconds():.0f} s after its time"


def _channels(messages: Sequence[Message]) -> list[str]:
    return sorted({message.target.channel for message in messages})


def tiers_end(view: DrillView) -> timedelta:
    """From the drill's begin until the last tier has to have been notified; it is more than from when the stage is looked at."""
    incident = view.incident()
    escalation = view.escalation(incident) if incident is not None else None
    if escalation is None:
        return IN_TIME
    began = escalation.began - (view.drill.begun_at or escalation.began)
    return began + escalation.policy.steps[-1].after + 2 * IN_TIME
