"""The namespaces of an outbound message, and its names as `namespace}name`, whatever the prefixes."""

from __future__ import annotations

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
"""Of SOAP 1.1, the only form in which outbound messages come."""
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

Name = tuple[str, str]
"""Namespace and local name."""

ENVELOPE: Name = (SOAP, "Envelope")
BODY: Name = (SOAP, "Body")
NOTIFICATIONS: Name = (OUTBOUND, "notifications")
ORGANIZATION_ID: Name = (OUTBOUND, "OrganizationId")
ACTION_ID: Name = (OUTBOUND, "ActionId")
SESSION_ID: Name = (OUTBOUND, "SessionId")
NOTIFICATION: Name = (OUTBOUND, "Notification")
NOTIFICATION_ID: Name = (OUTBOUND, "Id")
RECORD: Name = (OUTBOUND, "sObject")
NIL: Name = (XSI, "nil")
TYPE: Name = (XSI, "type")
