"""Records of the objects that sources read, as REST writes them, with all their fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agent.simulator.records.record_kind import FieldType
from agent.sources.objects.catalogue import watched_objects

EVENT_LOG: dict[str, FieldType] = {
    "ClientIp": "string",
    "RequestIdentifier": "string",
    "RowsProcessed": "double",
    "Timestamp": "datetime",
    "Uri": "string",
    "UserIdentifier": "string",
}
CUSTOM: dict[str, FieldType] = {
    "Id": "id",
    "SystemModstamp": "datetime",
    "OwnerId": "id",
    "Name": "string",
    "Owner.Name": "string",
}


@dataclass(frozen=True, slots=True)
class RowShape:
    """How rows of an object look. `label`: the field with which tests tell them apart."""

    object: str
    time: str
    label: str
    fields: dict[str, FieldType]

    def row(self, number: int, time: datetime, label: str) -> dict[str, Any]:
        """The `number`th, in the order of ids."""
        cells: dict[str, Any] = dict.fromkeys(self.fields)
        ident = {"Id": f"0Xx{number:012}AAA"} if "Id" in self.fields else {"RequestIdentifier": f"request-{number:06}"}
        return cells | ident | {self.time: written(time), self.label: label}


def written(time: datetime) -> str:
    """As REST writes a date-time."""
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}+0000"


def watched(name: str, label: str) -> RowShape:
    """Of an object of the table."""
    found = watched_objects()[name]
    return RowShape(name, found.time or "", label, typed(found.fields))


def typed(names: Sequence[str]) -> dict[str, FieldType]:
    return {name: _type(name) for name in names}


def _type(name: str) -> FieldType:
    if name.endswith(("Date", "Time", "Modstamp")):
        return "datetime"
    return "id" if name == "Id" else "string"


AUDIT_TRAIL = watched("SetupAuditTrail", "Display")
LOGINS = watched("LoginHistory", "Browser")
REQUESTS = watched("UserProvisioningRequest", "Name")
REQUEST_LOGS = watched("UserProvisioningLog", "Name")
VERIFICATIONS = watched("VerificationHistory", "Remarks")
GRANTS = watched("PermissionSetAssignment", "Id")
TOKENS = watched("OauthToken", "Id")
POLICIES = watched("TransactionSecurityPolicy", "Id")
OPEN_SESSIONS = watched("AuthSession", "Id")
PROVISIONING = (REQUESTS, REQUEST_LOGS, GRANTS, TOKENS, POLICIES)
"""What the source reads and compares; its rows are of the first."""
SESSIONS = (VERIFICATIONS, OPEN_SESSIONS)
LOGIN_LOG = RowShape("LoginEventLog", "Timestamp", "Uri", EVENT_LOG)
CUSTOM_ROWS = RowShape("My_Object__c", "SystemModstamp", "Name", CUSTOM)
