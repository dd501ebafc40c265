"""The text of an outbound message, as its WSDL in the enterprise form has it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

SESSION = "AQ0AQSimulatedSessionOfTheSimulatedOrg.KeepMeSecret"


@dataclass(frozen=True, slots=True)
class Told:
    """A notification. `values`: by field, times as text; None where the record is deleted."""

    id: str
    record: str
    values: Mapping[str, Any] | None


def session_of(organization: str) -> str:
    """The session that the org's messages carry where they are set to."""
    return f"{organization[:15]}!{SESSION}"


def envelope_text(
    organization: str, action: str, entity: str, told: Sequence[Told], *, host: str, with_session: bool
) -> str:
    session = f"<SessionId>{session_of(organization)}</SessionId>" if with_session else '<SessionId xsi:nil="true"/>'
    urls = "".join(
        f"<{name}>https://{host}/services/Soap/{form}/67.0/{organization[:15]}</{name}>"
        for name, form in (("EnterpriseUrl", "c"), ("PartnerUrl", "u"))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        ' <soapenv:Body>\n  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">\n'
        f"   <OrganizationId>{organization}</OrganizationId>\n   <ActionId>{action}</ActionId>\n   {session}{urls}\n"
        + "".join(f"   {_notification(entity, notification)}\n" for notification in told)
        + "  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>"
    )


def soap_time(moment: int) -> str:
    """Milliseconds since 1970 as SOAP writes a date-time."""
    whole, fraction = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:03d}Z"


def _notification(entity: str, told: Told) -> str:
    start = f"<Notification><Id>{told.id}</Id>"
    if told.values is None:
        return f'{start}<sObject xsi:nil="true"/></Notification>'
    fields = "".join(_field(name, value) for name, value in sorted(told.values.items()))
    record = f'<sObject xsi:type="sf:{entity}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
    return f"{start}{record}<sf:Id>{told.record}</sf:Id>{fields}</sObject></Notification>"


def _field(name: str, value: Any) -> str:
    if value is None:
        return f'<sf:{name} xsi:nil="true"/>'
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"<sf:{name}>{escape(text)}</sf:{name}>"
