"""A stand-in until the reader of outbound messages is there."""

from __future__ import annotations

from datetime import datetime
from xml.sax.saxutils import escape

from agent.sources.inbound.report import BadReport, InboundRequest
from agent.sources.inbound.settings import SenderSettings

ACKNOWLEDGED = (
    b'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/">'
    b'<soapenv:Body><notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack>'
    b"</notificationsResponse></soapenv:Body></soapenv:Envelope>"
)


def read_outbound_message(body: bytes, sender: SenderSettings, received: datetime, organization: str) -> InboundRequest:
    """Raises BadReport."""
    raise BadReport(
        f"outbound messages are not read yet: {sender.name}, {received}, {organization}, {len(body)}", status=400
    )


def fault(message: str) -> bytes:
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><soapenv:Fault>'
        f"<faultcode>soapenv:Client</faultcode><faultstring>{escape(message)}</faultstring>"
        "</soapenv:Fault></soapenv:Body></soapenv:Envelope>"
    ).encode()
