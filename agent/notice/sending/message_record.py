"""What the trail and the SIEM hear of a message."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from agent.notice.incidents.desk import IncidentChange
from agent.notice.incidents.incident import Incident
from agent.notice.messages.message import Message
from agent.notice.sending.message_event import fields

GIVEN_UP = "message-given-up"

UNRECORDED: frozenset[str] = frozenset({"canary"})
"""Kinds of which nothing is written down each time: the trail would hold little else."""


def tell(change: IncidentChange, action: str, message: Message, said: str, late_by: float = 0.0) -> None:
    """A record and an event. `said`: what became of it, in words that go on from its name; `late_by`: in seconds."""
    if message.kind in UNRECORDED:
        return
    data = {
        "message": message.id,
        "kind": message.kind,
        "channel": message.target.channel,
        "attempts": message.attempts,
        "answer": message.answer,
        "receipt": message.receipt,
        "due": message.due.isoformat(),
    }
    personal = {"people": list(message.target.people), "address": message.target.address}
    about = f"{message.kind} {message.id} over {message.target.channel}"
    incident = _incident(change, message.incident)
    if incident is None:
        record = partial(change.announce, action, f"{about} {said}", about=message.id, fields=fields(message, late_by))
    else:
        sentence = f"{incident.id}: {about} {said}"
        record = partial(change.tell, incident, action, sentence, by="leakline", further=fields(message, late_by))
    record(data=data, personal=personal)


def _incident(change: IncidentChange, number: str) -> Incident | None:
    """None also for one that is damaged: that is told elsewhere."""
    with suppress(ValueError):
        return change.incident(number) if number else None
    return None
