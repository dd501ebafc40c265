"""The objects that can be queried: their fields, their rows, and what may not be asked of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Record = dict[str, Any]
"""Field name to value, a related object's field under its path (`Profile.Name`). Date-times are REST texts."""

FieldType = Literal["id", "string", "picklist", "datetime", "double", "int", "boolean", "base64"]


@dataclass(frozen=True, slots=True)
class Table:
    """One object. `fields`: name to type; related fields under their path, such as `CreatedBy.Username`."""

    name: str
    fields: dict[str, FieldType]
    rows: Callable[[], Sequence[Record]]
    unfilterable: frozenset[str] = frozenset()
    relations: dict[str, str] = field(default_factory=dict)
    """Relation name to the object it leads to: `Profile` to Profile."""

    def field(self, name: str) -> str | None:
        """The field's own spelling, or None when there is none."""
        wanted = name.lower()
        return next((own for own in self.fields if own.lower() == wanted), None)

    def without(self, *names: str) -> Table:
        """The object as an org sees it that lacks some fields."""
        fields = {name: kind for name, kind in self.fields.items() if name not in names}
        return Table(self.name, fields, self.rows, self.unfilterable, self.relations)

    def describe(self, picklists: dict[str, list[str]]) -> Record:
        """The answer to `sobjects/<name>/describe`, as far as log readers look at it."""
        plain = [(name, kind) for name, kind in self.fields.items() if "." not in name]
        return {
            "name": self.name,
            "label": self.name,
            "queryable": True,
            "retrieveable": True,
            "createable": False,
            "updateable": False,
            "deletable": False,
            "fields": [_described(self, name, kind, picklists.get(name, [])) for name, kind in plain],
        }


def _described(table: Table, name: str, kind: FieldType, values: list[str]) -> Record:
    return {
        "name": name,
        "label": name,
        "type": "reference" if kind == "id" and name != "Id" else kind,
        "filterable": name not in table.unfilterable and kind != "base64",
        "sortable": kind != "base64",
        "groupable": kind not in ("base64", "datetime", "double"),
        "nillable": name != "Id",
        "relationshipName": name.removesuffix("Id") if name.removesuffix("Id") in table.relations else None,
        "picklistValues": [{"active": True, "label": value, "value": value} for value in values],
    }


_AUDITED: dict[str, FieldType] = {
    "CreatedDate": "datetime",
    "LastModifiedDate": "datetime",
    "SystemModstamp": "datetime",
}

EVENT_LOG_FILE: dict[str, FieldType] = {
    "Id": "id",
    "EventType": "picklist",
    "LogDate": "datetime",
    "LogFile": "base64",
    "LogFileLength": "double",
    "LogFileContentType": "string",
    "LogFileFieldNames": "string",
    "LogFileFieldTypes": "string",
    "Interval": "picklist",
    "Sequence": "int",
    "ApiVersion": "double",
    "CreatedById": "id",
    "LastModifiedById": "id",
    "IsDeleted": "boolean",
    **_AUDITED,
}
USER: dict[str, FieldType] = {
    "Id": "id",
    "Username": "string",
    "Name": "string",
    "FirstName": "string",
    "LastName": "string",
    "Email": "string",
    "Alias": "string",
    "ProfileId": "id",
    "Profile.Name": "string",
    "UserRoleId": "id",
    "UserRole.Name": "string",
    "UserType": "picklist",
    "IsActive": "boolean",
    "Department": "string",
    "Title": "string",
    "Country": "string",
    "FederationIdentifier": "string",
    "LastLoginDate": "datetime",
    "TimeZoneSidKey": "picklist",
    "LocaleSidKey": "picklist",
    "LanguageLocaleKey": "picklist",
    "CreatedDate": "datetime",
}
PROFILE: dict[str, FieldType] = {
    "Id": "id",
    "Name": "string",
    "UserType": "picklist",
    "PermissionsViewAllData": "boolean",
    "PermissionsModifyAllData": "boolean",
    "PermissionsApiEnabled": "boolean",
    "PermissionsExportReport": "boolean",
    "PermissionsViewEventLogFiles": "boolean",
    **_AUDITED,
}
CONNECTED_APPLICATION: dict[str, FieldType] = {
    "Id": "id",
    "Name": "string",
    "OptionsAllowAdminApprovedUsersOnly": "boolean",
    **_AUDITED,
}
EXTERNAL_CLIENT_APPLICATION: dict[str, FieldType] = {
    "Id": "id",
    "DeveloperName": "string",
    "MasterLabel": "string",
    "IsDeleted": "boolean",
    **_AUDITED,
}
ORGANIZATION: dict[str, FieldType] = {
    "Id": "id",
    "Name": "string",
    "OrganizationType": "picklist",
    "IsSandbox": "boolean",
    "InstanceName": "string",
    "NamespacePrefix": "string",
    "TimeZoneSidKey": "picklist",
    "CreatedDate": "datetime",
}
SETUP_AUDIT_TRAIL: dict[str, FieldType] = {
    "Id": "id",
    "Action": "string",
    "Section": "string",
    "Display": "string",
    "CreatedDate": "datetime",
    "CreatedById": "id",
    "CreatedBy.Username": "string",
    "CreatedBy.Name": "string",
    "DelegateUser": "string",
    "CreatedByContext": "string",
    "CreatedByIssuer": "string",
    "ResponsibleNamespacePrefix": "string",
    "SystemModstamp": "datetime",
}
LOGIN_HISTORY: dict[str, FieldType] = {
    "Id": "id",
    "UserId": "id",
    "LoginTime": "datetime",
    "LoginType": "picklist",
    "LoginSubType": "picklist",
    "LoginUrl": "string",
    "SourceIp": "string",
    "ForwardedForIp": "string",
    "Status": "string",
    "Browser": "string",
    "Platform": "string",
    "Application": "string",
    "ApiType": "string",
    "ApiVersion": "string",
    "ClientVersion": "string",
    "CountryIso": "string",
    "TlsProtocol": "picklist",
    "CipherSuite": "picklist",
    "AuthenticationServiceId": "id",
}
