"""From the body of an outbound message to what is committed of it: a report for each notification."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from agent.columns.record_id import long_form
from agent.redaction.redaction import MARK, PART, redact, register_obtained
from agent.redaction.secret_fields import SecretFields
from agent.sources.inbound.outbound_messages.envelope import Envelope, Notification, read_envelope
from agent.sources.inbound.report import BadReport, InboundReport, InboundRequest
from agent.sources.inbound.settings import SenderSettings

EVENT_TYPE = "OutboundMessage"
FAILURE_TYPE = "SyncFailure"
"""Of records of the sender's `failure_objects`."""

WELL_KNOWN = (
    "Name", "OwnerId", "CreatedById", "CreatedDate", "LastModifiedById", "LastModifiedDate", "SystemModstamp",
)  # fmt: skip
"""Fields of a record that have a column of their own, because rules ask for them. All are in the column `fields` as well."""

TIMES = ("SystemModstamp", "LastModifiedDate")
"""Fields that say when the record changed, the first that is sent wins. When it was made says nothing of that."""

RECEIVED = "received"

_HINT = re.compile(r"(?!\d{4}-\d\d-\d\dT[\d:.]{8,15}Z\s*$)(?s:.*?)(?:[=:!<%{]|\S{16})")
"""What a text with a secret has: a name before it, or a length. Most fields have neither or are times, and looking is dear."""

MOST_FIELDS = 1_000
"""Of a record. An object of Salesforce has 800 custom fields at most, and some dozens of the standard's."""


def read_outbound_message(body: bytes, sender: SenderSettings, received: datetime, organization: str) -> InboundRequest:
    """`organization`: the id of the sender's org; empty while nobody has signed in to it.

    Raises BadReport, of which Salesforce sends the message again: 503 while the id of the org is not known, 403 if the
    message is of another org, and what `read_envelope` raises. No message of it quotes the body.
    """
    if not organization:
        raise BadReport(
            f"the id of the org {sender.org} is not known before Leakline has signed in to it once; send the message again",
            status=503,
        )
    envelope = read_envelope(body)
    if not _same_id(envelope.organization_id, organization):
        raise BadReport(
            f"the message is of another org than {sender.org}; compare its OrganizationId with the organization id in Setup",
            status=403,
        )
    _keep_secret(envelope.session_id)
    secrets = SecretFields(sender.redact)
    reports = [_report(notification, envelope, sender, secrets, received) for notification in envelope.notifications]
    return InboundRequest(sender.name, reports, received, len(body))


def _report(
    notification: Notification, envelope: Envelope, sender: SenderSettings, secrets: SecretFields, received: datetime
) -> InboundReport:
    if len(notification.fields) > MOST_FIELDS:
        raise BadReport(f"a record of the message has more than {MOST_FIELDS:,} fields", status=413)
    fields = {
        name: MARK if secrets.is_secret(name) else _without_secrets(text, envelope.session_id, secrets)
        for name, text in notification.fields.items()
    }
    time, time_source = _time(fields) or (received, RECEIVED)
    shared = {
        # As of reports that name no integration.
        "integration": sender.name,
        "object": notification.object,
        "time": f"{time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z",
    }
    origin = {
        "notification_id": notification.id,
        "action_id": envelope.action_id,
        "organization_id": long_form(envelope.organization_id),
        "time_source": time_source,
    }
    failure_field = _failure_field(notification.object, sender)
    if failure_field is not None:
        shared["scope"] = f"{sender.name} / {notification.object}"
        cells = shared | _failure_cells(fields, failure_field, origin)
    else:
        cells = shared | origin | _record_cells(fields)
    event_type = EVENT_TYPE if failure_field is None else FAILURE_TYPE
    return InboundReport(notification.id, event_type, {name: text for name, text in cells.items() if text.strip()})


def _record_cells(fields: Mapping[str, str]) -> dict[str, str]:
    if not fields:
        return {"deleted": "true"}
    cells = {name: fields.get(name, "").strip() for name in WELL_KNOWN}
    return cells | {"record_id": fields.get("Id", "").strip(), "fields": json.dumps(fields, ensure_ascii=False)}


def _failure_cells(fields: Mapping[str, str], failure_field: str, origin: Mapping[str, str]) -> dict[str, str]:
    """By the names that a sender's JSON report of a failed synchronisation has; what these lack is in `extra`."""
    # Capitals do not matter in the names of fields.
    message = next((text for name, text in fields.items() if name.lower() == failure_field.lower()), "")
    return {
        "report_id": origin["notification_id"],
        "record_ids": fields.get("Id", "").strip(),
        "record_count": "1",
        "error_message": message,
        "extra": json.dumps({**origin, "fields": dict(fields)}, ensure_ascii=False),
    }


def _failure_field(object_: str, sender: SenderSettings) -> str | None:
    """The field with the message, of an object in which the org records failures; None for any other object."""
    named = (field for name, field in sender.failure_objects.items() if name.lower() == object_.lower())
    return next(named, None)


def _time(fields: Mapping[str, str]) -> tuple[datetime, str] | None:
    """When the record changed and which field says so; None if none does, or none in a way that can be read."""
    for name in TIMES:
        try:
            time = datetime.fromisoformat(fields.get(name, "").strip())
            # Without a zone it could be any of a day; beyond the years 1 and 9999 it has no form in UTC.
            if time.tzinfo is not None:
                return time.astimezone(UTC), name
        except (ValueError, OverflowError):
            continue
    return None


def _same_id(first: str, second: str) -> bool:
    """Whether two ids are one: of 15 characters capitals matter, of 18 they do not."""
    return long_form(first).upper() == long_form(second).upper()


def _keep_secret(session: str) -> None:
    # Those of the usual form are found by it. In the register they would push out tokens that have none.
    if session and redact(session) != MARK:
        register_obtained(session)


def _without_secrets(text: str, session: str, secrets: SecretFields) -> str:
    """Of a field: what stands in it by accident (`password=…`), and sessions, which a formula can put into a field of the
    record ($Api.Session_ID).
    """
    if len(session) >= PART:
        text = text.replace(session, MARK)
    return secrets.text(text) if _HINT.match(text) else text
