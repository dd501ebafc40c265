"""Outbound messages as Salesforce writes them, with values of our own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from agent.sources.inbound.outbound_messages.message import read_outbound_message
from agent.sources.inbound.report import BadReport, InboundRequest
from agent.sources.inbound.settings import SenderSettings

ORGANIZATION = "00DHs00000syWDpMAM"
SESSION = "00DHs00000syWDp!AQEAQK2uWJz.pLmVb6sYtRfGhNqXeDcVbNmKjHgFdSaPoIuYtReWq"
RECEIVED = datetime(2026, 7, 1, 10, 0, 5, 250_000, tzinfo=UTC)
NOTIFICATION = "04lHs000002nrC5IAI"
ENTERPRISE = "urn:sobject.enterprise.soap.sforce.com"
PARTNER = "urn:sobject.partner.soap.sforce.com"


def sender(**settings: object) -> SenderSettings:
    path = {"path": {"env": "LEAKLINE_PATH"}}
    return SenderSettings.model_validate({"name": "flows", "org": "acme", "authentication": path, **settings})


def envelope(
    *notifications: str,
    organization: str = ORGANIZATION,
    session: str = SESSION,
    declaration: str = "UTF-8",
    before: str = "",
) -> str:
    """A message with these `Notification` elements; `before` stands between the declaration and the envelope."""
    id_ = f"<SessionId>{escape(session)}</SessionId>" if session else '<SessionId xsi:nil="true"/>'
    return f"""<?xml version="1.0" encoding="{declaration}"?>
{before}<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>{organization}</OrganizationId>
   <ActionId>04kHs000000H0eKIAS</ActionId>
   {id_}
   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/67.0/00DHs00000syWDp</EnterpriseUrl>
   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/67.0/00DHs00000syWDp</PartnerUrl>
   {"".join(notifications)}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>
"""


def notification(
    fields: Iterable[tuple[str, str | None]] = (),
    *,
    id_: str = NOTIFICATION,
    object_: str = "Opportunity",
    prefix: str = "sf",
    namespace: str = ENTERPRISE,
) -> str:
    """A `Notification`; a field of None has no value."""
    texts = "".join(
        f'<{prefix}:{name} xsi:nil="true"/>' if text is None else f"<{prefix}:{name}>{escape(text)}</{prefix}:{name}>"
        for name, text in fields
    )
    record = f'<sObject xsi:type="{prefix}:{object_}" xmlns:{prefix}="{namespace}">{texts}</sObject>'
    return f"<Notification><Id>{id_}</Id>{record}</Notification>"


def read(body: str | bytes, *, organization: str = ORGANIZATION, **settings: object) -> InboundRequest:
    content = body.encode() if isinstance(body, str) else body
    return read_outbound_message(content, sender(**settings), RECEIVED, organization)


def refused(body: str | bytes, **settings: object) -> tuple[int, str]:
    """The status and the words of the refusal. Raises AssertionError for a message that is taken."""
    try:
        read(body, **settings)  # type: ignore[arg-type]
    except BadReport as error:
        return error.status, str(error)
    raise AssertionError("the message was taken")
