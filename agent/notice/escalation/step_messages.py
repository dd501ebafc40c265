"""A step fires: its people are looked up, and a message to each of their places is stored with the record of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from agent.notice.arrangements.channels import ChannelSettings
from agent.notice.arrangements.people import PersonSettings
from agent.notice.arrangements.policies import EVERYONE, PolicySettings, StepSettings
from agent.notice.clock import Clock
from agent.notice.escalation import outcome
from agent.notice.escalation.escalation import Escalation, FiredStep, step_time, tier_of
from agent.notice.escalation.escalation_event import fields
from agent.notice.incidents.desk import IncidentChange
from agent.notice.incidents.growth import BY
from agent.notice.incidents.incident import Incident
from agent.notice.messages import outbox, text
from agent.notice.messages.message import Kind, Message, message_id
from agent.notice.messages.targets import targets
from agent.notice.on_call.roster import Roster
from agent.store.state import StateRecall

STEP, NOBODY_TOLD = "escalation-step", "no-notification-sent"
NOBODY = "no-person-notified"
"""A kind of problem."""

EVERY_CHANNEL_FAILED = "every channel failed"


@dataclass(frozen=True, slots=True)
class Telling:
    """With what people are told of one incident."""

    change: IncidentChange
    incident: Incident
    org: str
    clocks: Sequence[Clock]
    recall: StateRecall
    roster: Roster
    channels: Mapping[str, ChannelSettings]

    def tell(
        self,
        action: str,
        message: str,
        escalation: Escalation,
        data: Mapping[str, Any],
        *,
        tier: int | None = None,
        due: datetime | None = None,
        people: Sequence[PersonSettings] = (),
    ) -> None:
        """A record and an event; `people`: their names can be erased."""
        self.change.tell(
            self.incident,
            action,
            message,
            by=BY,
            data={"policy": escalation.policy.name, "cycle": escalation.cycle + 1, **data},
            personal={"people": [person.name for person in people]} if people else None,
            further=fields(escalation, tier, due),
        )

    def people_up_to(self, policy: PolicySettings, tier: int) -> Sequence[PersonSettings]:
        """Whom the steps up to a tier name; everyone where none of them is there."""
        words = _words(policy.steps[: tier + 1])
        return self.roster.people(words, self.change.now) or self.roster.people([EVERYONE], self.change.now)

    def put(self, messages: Sequence[Message]) -> list[str]:
        """To be sent. Earlier ones about the same that still wait for the same place are withdrawn: these say all they did. Returns
        the ids of those.
        """
        escalating = [message for message in messages if message.kind == "escalation"]
        replaced = outcome.supersede(self.change, self.recall, escalating)
        outbox.put(self.change, self.recall, messages)
        for message in escalating:
            outcome.note(self.change, message)
        return replaced


def fire(telling: Telling, escalation: Escalation, number: int, *, late: str = "", at_once: str = "") -> Escalation:
    """The steps from the escalation's next one to `number`, told as one; where nobody is there, the next one at once, and in the
    end everyone. `late`: words to be added; `at_once`: why it does not wait for its time.
    """
    if at_once:
        _say_nobody(telling, escalation, at_once)
    wanted = list(range(escalation.next, number + 1))
    while True:
        words = _words(escalation.policy.steps[tier_of(escalation, step)] for step in wanted)
        people = telling.roster.people(words, telling.change.now)
        if people:
            return _told(telling, escalation, wanted[-1], people, late)
        _say_nobody(telling, escalation, "no person is on call", step=wanted[-1])
        if tier_of(escalation, wanted[-1]) == len(escalation.policy.steps) - 1:
            break
        wanted.append(wanted[-1] + 1)
    people = telling.roster.people([EVERYONE], telling.change.now)
    return _told(telling, escalation, wanted[-1], people, late)


def somebody_now(telling: Telling, escalation: Escalation) -> Escalation:
    """The newest step found nobody: whoever is there by now is told, without another word about who was not."""
    fired = escalation.fired
    if fired is None or fired.messages:
        return escalation
    tier = tier_of(escalation, fired.number)
    people = telling.people_up_to(escalation.policy, tier)
    return _told(telling, escalation, fired.number, people, "") if people else escalation


def after_failure(telling: Telling, escalation: Escalation) -> Escalation:
    """Every channel of the newest step failed: the next step is told at once; after the last tier of a round everyone, once at each
    place, and at a place that is new in the settings too.
    """
    fired = escalation.fired
    if fired is None:
        return escalation
    if tier_of(escalation, fired.number) < len(escalation.policy.steps) - 1:
        return fire(telling, escalation, escalation.next, at_once=EVERY_CHANNEL_FAILED)
    incident = telling.incident
    if not fired.is_widened:
        _say_nobody(telling, escalation, EVERY_CHANNEL_FAILED)
    tier = tier_of(escalation, fired.number)
    people = telling.roster.people([EVERYONE], telling.change.now)
    occasion = (incident.id, "escalation", escalation.cycle, fired.number)
    summary = text.call(incident, telling.org, tier + 1)
    messages = messages_to(telling, people, "escalation", occasion, summary, telling.change.now, tier + 1)
    wider = [message for message in messages if message.id not in fired.messages]
    known = (*fired.messages, *(message.id for message in wider))
    escalation = replace(escalation, fired=replace(fired, messages=known, is_widened=True))
    if wider:
        telling.put(wider)
        return escalation
    said = f"{text.drill(incident)}{incident.id}: every channel failed for everyone who is to be told"
    telling.change.problems.report(NOBODY, incident.id, said, org=incident.org)
    return escalation


def _words(steps: Iterable[StepSettings]) -> list[str]:
    """Whom the steps name, each once."""
    return list(dict.fromkeys(word for step in steps for word in step.notify))


def _told(
    telling: Telling, escalation: Escalation, number: int, people: Sequence[PersonSettings], late: str
) -> Escalation:
    change, incident = telling.change, telling.incident
    tier, due = tier_of(escalation, number), min(step_time(escalation, number), change.now)
    summary = text.call(incident, telling.org, tier + 1) + late
    occasion = (incident.id, "escalation", escalation.cycle, number)
    messages = messages_to(telling, people, "escalation", occasion, summary, due, tier + 1)
    after = replace(
        escalation,
        next=number + 1,
        fired=FiredStep(number, change.now, tuple(message.id for message in messages)),
    )
    if not messages:
        said = f"{text.drill(incident)}{incident.id}: no person can be notified: none is on call, and no other is in the settings or has a channel"
        change.problems.report(NOBODY, incident.id, said, org=incident.org)
        return after
    replaced = telling.put(messages)
    channels = sorted({message.target.channel for message in messages})
    said = f"{incident.id}: tier {tier + 1} of {escalation.policy.name} is notified over {', '.join(channels)}{late}"
    data: dict[str, Any] = {
        "tier": tier + 1,
        "step": number,
        "messages": [message.id for message in messages],
        "channels": channels,
    }
    data |= {"replaced": replaced} if replaced else {}
    data |= {"late": late.lstrip("; ")} if late else {}
    telling.tell(STEP, said, after, data, tier=tier, due=due, people=people)
    return after


def messages_to(
    telling: Telling,
    people: Sequence[PersonSettings],
    kind: Kind,
    occasion: tuple[str | int, ...],
    summary: str,
    due: datetime,
    tier: int,
    lines: Sequence[str] = (),
) -> list[Message]:
    """One for each place of theirs. `occasion`: what names it, beside its place."""
    now, incident = telling.change.now, telling.incident
    further = list(text.about(incident, telling.clocks, now))  # each message has all of it
    return [
        Message(
            message_id(*occasion, target.channel, target.address),
            kind,
            target,
            incident.level,
            summary,
            due,
            now,
            now,
            (*lines, *further),
            incident.id,
            tier,
            links=incident.is_open and not incident.is_acknowledged,
            is_drill=incident.origin == "drill",
        )
        for target in targets(people, telling.channels)
    ]


def _say_nobody(telling: Telling, escalation: Escalation, reason: str, step: int | None = None) -> None:
    number = telling.incident.id
    tier = tier_of(escalation, max(escalation.next - 1, 0) if step is None else step)
    said = f"{number}: tier {tier + 1} of {escalation.policy.name} reached no person: {reason}; the next one is notified at once"
    telling.tell(NOBODY_TOLD, said, escalation, {"tier": tier + 1, "reason": reason}, tier=tier)
