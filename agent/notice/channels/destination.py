"""An event in the lane of alerts, for a SIEM that calls people by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.errors import LeaklineError
from agent.notice.arrangements.channels import DestinationChannelSettings
from agent.notice.channels.channel import NotAccepted, Receipt
from agent.notice.messages.message import Message
from agent.own_event import EventValue

ACTION = "message-to-people"

Announce = Callable[[str, str, Mapping[str, EventValue]], None]
"""Puts an event into the outbox of own events: action, sentence, fields. Raises StateError."""


class DestinationChannel:
    """See `Channel`."""

    def __init__(self, settings: DestinationChannelSettings, announce: Announce) -> None:
        self.name = settings.name
        self._destination = settings.destination
        self._announce = announce

    def prepare(self) -> None:
        """Nothing is needed."""

    def close(self) -> None:
        """Nothing is open."""

    def send(self, message: Message, _link: str, /) -> Receipt:
        """Receipt: that it is stored; the account of the destination says when it was delivered. The link is left out: too
        many read events. Raises NotAccepted.
        """
        fields: dict[str, EventValue] = {
            "event.dataset": "leakline.incident",
            "leakline.message.id": message.id,
            "leakline.message.kind": message.kind,
            "leakline.message.channel": self.name,
            "leakline.message.due": message.due,
        }
        if message.incident:
            fields["leakline.incident.id"] = message.incident
        try:
            self._announce(ACTION, message.summary, fields)
        except LeaklineError as error:
            raise NotAccepted(str(error)) from error
        return Receipt(f"stored for {self._destination}", message.id)
