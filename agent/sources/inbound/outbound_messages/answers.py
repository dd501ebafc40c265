"""What Salesforce hears: that a message was taken, or a SOAP 1.1 fault. Both are `text/xml; charset=utf-8`."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from agent.sources.inbound.outbound_messages.xml_names import OUTBOUND, SOAP

CONTENT_TYPE = "text/xml; charset=utf-8"

LONGEST_FAULT = 1_000
"""Characters of a fault's words. Setup shows them to whoever looks at failed messages."""

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML document may hold, not even escaped: https://www.w3.org/TR/xml/#charsets"""

_START = f'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="{SOAP}"><soapenv:Body>'
_END = "</soapenv:Body></soapenv:Envelope>"

ACKNOWLEDGED = (
    f'{_START}<notificationsResponse xmlns="{OUTBOUND}"><Ack>true</Ack></notificationsResponse>{_END}'
).encode()
"""With status 200. The only answer that ends the sending of a message: after its commit, and not before."""


def fault(message: str, *, ours: bool = False) -> bytes:
    """The message was not taken and comes again. `ours`: the fault is not the message's (a full spool, a stop). SOAP 1.1
    wants status 500 with it; Salesforce takes any status but 200 the same way.
    """
    code = "Server" if ours else "Client"
    text = escape(_NOT_XML.sub("?", message[:LONGEST_FAULT]))
    inner = f"<soapenv:Fault><faultcode>soapenv:{code}</faultcode><faultstring>{text}</faultstring></soapenv:Fault>"
    return f"{_START}{inner}{_END}".encode()
