"""The objects that can be queried: their fields, their rows, and what may not be asked of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from agent.simulator.records.record_kind import FieldType, Record


@dataclass(frozen=True, slots=True)
class Table:
    """One object. `fields`: name to type; related fields under their path, such as `CreatedBy.Username`."""

    name: str
    fields: dict[str, FieldType]
    rows: Callable[[], Sequence[Record]]
    unfilterable: frozenset[str] = frozenset()
    relations: dict[str, str] = field(default_factory=dict)
    """Relation name to the object it leads to: `Profile` to Profile."""
    newest: Callable[[int, int], Iterator[Record]] | None = None
    """Of a big object, in place of `rows`: those of a window of EventDate (ms, both ends in it), newest first."""
    index: tuple[str, ...] = ()
    """Of a big object: what it may be filtered by."""
    queryable: bool = True
    """Whether it can be queried; the channels of events cannot."""
    time: str = ""
    """The field by which `between` finds rows."""
    between: Callable[[int, int], Sequence[Record]] | None = None
    """Beside `rows`: those of a window of `time` (ms, both ends in it), so that the others need not be made."""
    deleted: Callable[[], Sequence[Record]] | None = None
    """What queryAll finds beside `rows`."""
    counts_only: bool = False
    """Whether COUNT() is the one aggregate that it answers."""
    no_like: frozenset[str] = frozenset()
    """Fields that LIKE may not compare."""

    def field(self, name: str) -> str | None:
        """The field's own spelling, or None when there is none."""
        wanted = name.lower()
        return next((own for own in self.fields if own.lower() == wanted), None)

    def without(self, *names: str) -> Table:
        """The object as an org sees it that lacks some fields."""
        fields = {name: kind for name, kind in self.fields.items() if name not in names}
        return replace(self, fields=fields)

    def describe(self, picklists: dict[str, list[str]]) -> Record:
        """The answer to `sobjects/<name>/describe`, as far as log readers look at it."""
        plain = [(name, kind) for name, kind in self.fields.items() if "." not in name]
        return {
            "name": self.name,
            "label": self.name,
            "queryable": self.queryable,
            "retrieveable": self.queryable,
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
