"""Records of PermissionSetAssignment and of AuthSession, as REST writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from agent.simulator.records.record_kind import FieldType

ASSIGNMENT: dict[str, FieldType] = {
    "Id": "id",
    "AssigneeId": "id",
    "Assignee.Username": "string",
    "PermissionSetId": "id",
    "PermissionSet.Name": "string",
    "PermissionSet.IsOwnedByProfile": "boolean",
    "PermissionSetGroupId": "id",
    "ExpirationDate": "datetime",
    "IsActive": "boolean",
    "IsRevoked": "boolean",
    "SystemModstamp": "datetime",
}
TOKEN: dict[str, FieldType] = {
    "Id": "id",
    "AppName": "string",
    "AppMenuItemId": "id",
    "UserId": "id",
    "CreatedDate": "datetime",
    "LastUsedDate": "datetime",
    "UseCount": "int",
    "AccessToken": "string",
    "RequestToken": "string",
    "DeleteToken": "string",
}
SESSION: dict[str, FieldType] = {
    "Id": "id",
    "UsersId": "id",
    "SourceIp": "string",
    "SessionSecurityLevel": "picklist",
    "NumSecondsValid": "int",
    "CreatedDate": "datetime",
}
PERMISSIONS: dict[str, FieldType] = {
    "Id": "id",
    "PermissionsViewSetup": "boolean",
    "PermissionsManageUsers": "boolean",
    "PermissionsCustomizeApplication": "boolean",
}
"""Of UserPermissionAccess."""


def assignment(number: int, time: datetime, **other: Any) -> dict[str, Any]:
    """A permission set that one of ten users has."""
    return {
        "Id": f"0Pa{number:012}AAA",
        "AssigneeId": f"005{number % 10:012}AAA",
        "Assignee.Username": f"user{number % 10}@acme.example",
        "PermissionSetId": f"0PS{number % 7:012}AAA",
        "PermissionSet.Name": f"Set_{number % 7}",
        "PermissionSet.IsOwnedByProfile": False,
        "PermissionSetGroupId": None,
        "ExpirationDate": None,
        "IsActive": True,
        "IsRevoked": False,
        "SystemModstamp": rest_time(time),
        **other,
    }


def auth_session(number: int, time: datetime, **other: Any) -> dict[str, Any]:
    return {
        "Id": f"0Ak{number:012}AAA",
        "UsersId": f"005{number % 10:012}AAA",
        "SourceIp": "203.0.113.7",
        "SessionSecurityLevel": "STANDARD",
        "NumSecondsValid": 7200,
        "CreatedDate": rest_time(time),
        **other,
    }


def token(number: int, time: datetime, **other: Any) -> dict[str, Any]:
    return {
        "Id": f"0CQ{number:012}AAA",
        "AppName": "Data Loader",
        "AppMenuItemId": None,
        "UserId": f"005{number % 10:012}AAA",
        "CreatedDate": rest_time(time),
        "LastUsedDate": rest_time(time),
        "UseCount": 1,
        "AccessToken": f"secret-access-{number}",
        "RequestToken": f"secret-request-{number}",
        "DeleteToken": f"secret-delete-{number}",
        **other,
    }


def rest_time(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}+0000"
