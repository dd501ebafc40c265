"""What became of the messages of the newest step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent.notice.escalation.escalation import Escalation
from agent.notice.incidents.desk import IncidentChange
from agent.notice.messages import outbox
from agent.notice.messages.message import Message
from agent.store.state import StateRecall

MESSAGES = "escalation-messages/"
"""Keys under `keys.RESPONSE`: `INCIDENT/ID` of each message of a step that may still wait."""


def all_failed(recall: StateRecall, escalation: Escalation) -> bool:
    """Whether each was tried or given up, and none was accepted."""
    found = list(_of_step(recall, escalation))
    return bool(found) and all(
        message.state == "given-up" or (message.attempts and message.state == "waiting") for message in found
    )


def any_accepted(recall: StateRecall, escalation: Escalation) -> bool:
    return any(message.state == "accepted" for message in _of_step(recall, escalation))


def note(change: IncidentChange, message: Message) -> None:
    """It is to be withdrawn when somebody acknowledges."""
    change.apply({f"{MESSAGES}{message.incident}/{message.id}": b""})


def withdraw(change: IncidentChange, recall: StateRecall, escalation: Escalation) -> None:
    """Nobody need be told any more: what waits of all its steps is not sent."""
    prefix = f"{MESSAGES}{escalation.incident}/"
    for key in list(recall.keys(prefix)):
        change.apply({key: None})
        _withdraw(change, recall, key.removeprefix(prefix))


def supersede(change: IncidentChange, recall: StateRecall, messages: Sequence[Message]) -> list[str]:
    """Earlier messages of an incident that wait for the places of newer ones are not sent; their ids."""
    replaced: list[str] = []
    places = {(message.target.channel, message.target.address): message.id for message in messages}
    prefix = f"{MESSAGES}{messages[0].incident}/" if messages else ""
    for key in list(recall.keys(prefix)) if prefix else ():
        number = key.removeprefix(prefix)
        earlier = outbox.readable(recall, number)
        if earlier is None or earlier.has_ended:
            change.apply({key: None})
        elif places.get((earlier.target.channel, earlier.target.address), number) != number:
            change.apply({key: None})
            _withdraw(change, recall, number)
            replaced.append(number)
    return replaced


def _withdraw(change: IncidentChange, recall: StateRecall, number: str) -> None:
    message = outbox.readable(recall, number)
    if message is not None and not message.has_ended:
        outbox.keep(change, message, replace(message, state="withdrawn", next_at=None, ended_at=change.now))


def _of_step(recall: StateRecall, escalation: Escalation) -> Iterator[Message]:
    for number in escalation.fired.messages if escalation.fired is not None else ():
        if (message := outbox.readable(recall, number)) is not None:
            yield message
