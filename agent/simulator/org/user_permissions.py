"""What the user as which clients run may do: UserPermissionAccess, and what is left of objects once a permission is lost.

`Faults.hidden_fields` takes a permission away by naming its field (`UserPermissionAccess.PermissionsManageUsers`): the object
stays, as in an org, and says false. What an org then shows of the objects concerned (`objects.yaml`) is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.simulator.org.objects import Table
from agent.simulator.records.record_kind import FieldType, Record, record_kinds

NAME = "UserPermissionAccess"
_PREFIX = f"{NAME}."
_OTHERS = ("PermissionsApiEnabled", "PermissionsMonitorLoginHistory", "PermissionsViewEventLogFiles")
"""Beside those without which an object is not shown whole."""


def lost_permissions(hidden: frozenset[str]) -> frozenset[str]:
    """Their fields, of the names that are hidden."""
    return frozenset(name.removeprefix(_PREFIX) for name in hidden if name.startswith(_PREFIX))


def permission_table(lost: frozenset[str]) -> Table:
    """The one row of UserPermissionAccess."""
    names = sorted({kind.needs for kind in record_kinds().values() if kind.needs} | {*_OTHERS})
    fields: dict[str, FieldType] = {"Id": "id", **dict.fromkeys(names, "boolean")}
    row: Record = {"Id": "000000000000000AAA", **{name: name not in lost for name in names}}
    return Table(NAME, fields, lambda: [row])


def permitted(tables: Sequence[Table], lost: frozenset[str], user: str) -> list[Table]:
    """As the user sees them who lost some permissions; `user`: the user's id, 18 characters."""
    return [seen for table in tables if (seen := _permitted(table, lost, user)) is not None]


def _permitted(table: Table, lost: frozenset[str], user: str) -> Table | None:
    kind = record_kinds().get(table.name)
    if kind is None or kind.needs not in lost:
        return table
    owner = kind.owner
    if not owner:
        return None

    def own(rows: Callable[[], Sequence[Record]]) -> Callable[[], Sequence[Record]]:
        return lambda: [row for row in rows() if row[owner] == user]

    return replace(table, rows=own(table.rows), deleted=own(table.deleted) if table.deleted else None)
