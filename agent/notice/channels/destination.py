"""An event in the lane of alerts, for a SIEM that alarms by itself: it is stored here, and delivered like every other.

It has no link: that lets one person acknowledge once, and an event is read by many and kept for years.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from agent.detection.sigma.rule import SEVERITY
from agent.notice.arrangements.channels import DestinationChannelSettings
from agent.notice.channels.channel import Receipt
from agent.notice.channels.wording import headline, lines
from agent.notice.incidents.incident_event import DATASET
from agent.notice.messages.message import Message
from agent.own_event import EventValue

ACTION = "escalation-message"

Announce = Callable[[str, str, Mapping[str, EventValue], bool], None]
"""Stores an event of Leakline's own: an action, a message, fields, and whether it is of a drill, so that it gets the mark of it."""


class DestinationChannel:
    """A `Channel`. The event goes to every destination that takes alerts, the one of the settings among them."""

    def __init__(self, settings: DestinationChannelSettings, announce: Announce) -> None:
        self.name = settings.name
        self._destination = settings.destination
        self._announce = announce

    def prepare(self) -> None:
        """It has no secret of its own."""

    def send(self, message: Message, link: str) -> Receipt:  # noqa: ARG002 - see the page
        fields: dict[str, EventValue] = {"event.dataset": DATASET, "event.severity": SEVERITY[message.level]}
        if message.incident:
            fields |= {"leakline.incident.id": message.incident, "leakline.incident.level": message.level}
        said = ". ".join(line.rstrip(".") for line in [headline(message), *lines(message)])
        self._announce(ACTION, f"{said} ({message.id})", fields, message.is_drill)
        return Receipt(f"stored for {self._destination}")

    def close(self) -> None:
        """It has nothing open."""
