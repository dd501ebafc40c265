"""The parts of an outbound message's SOAP envelope, in the enterprise and the partner form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.sources.inbound.outbound_messages import xml_names
from agent.sources.inbound.outbound_messages.bounded_xml import XmlElement, read_xml
from agent.sources.inbound.report import BadReport

MOST_NOTIFICATIONS = 100
"""Of a message, as its WSDL says (`maxOccurs`)."""

LONGEST_NAME = 80
"""Characters of an object's name, and of each part of a field's: 40 of its own, and what a namespace and `__c` add."""


@dataclass(frozen=True, slots=True)
class Notification:
    """That a record changed; sent again under the same id."""

    id: str
    object: str = ""
    """The type of the record, such as `Opportunity`; empty where it was deleted before the message was sent."""
    fields: dict[str, str] = field(default_factory=dict)
    """By name, those without a value left out; fields of a field by `Name.name`. As they were when the message was sent."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """An outbound message."""

    organization_id: str
    """15 or 18 characters, as it came."""
    action_id: str
    session_id: str = field(repr=False)
    """A secret: whoever has it acts as the user that the message is sent by. Empty unless the message is set to have it."""
    notifications: tuple[Notification, ...]


def read_envelope(body: bytes) -> Envelope:
    """Raises BadReport: 400 or 413 as `read_xml`, 413 for too many notifications, 422 for XML that is not such a message."""
    root = read_xml(body)
    if root.name != xml_names.ENVELOPE:
        raise BadReport("the body is not a SOAP 1.1 envelope; send an outbound message of Salesforce here")
    content = root.first(xml_names.BODY)
    message = content.first(xml_names.NOTIFICATIONS) if content is not None else None
    if message is None:
        raise BadReport("the envelope has no `notifications`; send an outbound message of Salesforce here")
    found = [element for element in message.elements if element.name == xml_names.NOTIFICATION]
    if not found:
        raise BadReport("the message has no `Notification`; it needs at least one")
    if len(found) > MOST_NOTIFICATIONS:
        raise BadReport(f"the message has {len(found):,} notifications; {MOST_NOTIFICATIONS} are allowed", status=413)
    return Envelope(
        message.text_of(xml_names.ORGANIZATION_ID),
        message.text_of(xml_names.ACTION_ID),
        message.text_of(xml_names.SESSION_ID),
        tuple(_notification(element, number) for number, element in enumerate(found, 1)),
    )


def _notification(element: XmlElement, number: int) -> Notification:
    id_ = element.text_of(xml_names.NOTIFICATION_ID)
    if not (id_.isalnum() and id_.isascii() and len(id_) in (15, 18)):
        raise BadReport(f"notification {number} has no `Id` of 15 or 18 letters and digits")
    record = element.first(xml_names.RECORD)
    if record is None or _is_nil(record):
        return Notification(id_)
    # `sf:Opportunity`: what the prefix is bound to does not matter, a record is of one object only.
    object_ = record.attributes.get(xml_names.TYPE, "").strip().rpartition(":")[2]
    fields: dict[str, str] = {}
    for name, text in _fields(record, number):
        # The partner form gives the Id twice.
        fields.setdefault(name, text)
    return Notification(id_, _checked(object_, number), fields)


def _fields(element: XmlElement, number: int, before: str = "") -> Iterator[tuple[str, str]]:
    """Names and texts of what is in a record, or in one of its fields."""
    for inner in element.elements:
        name = before + _checked(inner.name[1], number)
        if inner.elements:
            yield from _fields(inner, number, f"{name}.")
        elif inner.text.strip() and not _is_nil(inner):
            yield name, inner.text


def _checked(name: str, number: int) -> str:
    if len(name) > LONGEST_NAME:
        raise BadReport(f"notification {number} has a name of more than {LONGEST_NAME} characters")
    return name


def _is_nil(element: XmlElement) -> bool:
    return element.attributes.get(xml_names.NIL, "").strip() in ("true", "1")
