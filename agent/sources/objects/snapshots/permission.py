"""Whether the user has a permission, as the org itself says."""

from __future__ import annotations

from collections.abc import Mapping

from agent.errors import Forbidden
from agent.sources.salesforce.api_error import Missing, Refused
from agent.sources.salesforce.session import Session

FIELDS: Mapping[str, str] = {
    "View Setup and Configuration": "PermissionsViewSetup",
    "Manage Users": "PermissionsManageUsers",
    "Customize Application": "PermissionsCustomizeApplication",
}
"""Of UserPermissionAccess, which shows every user their own permissions (Object Reference), by what people call them."""


def has_permission(session: Session, permission: str) -> bool | None:
    """None where the org does not say. Raises what `Session.query` raises when it does not answer."""
    name = FIELDS.get(permission)
    if name is None:
        return None
    session.check_budget()
    try:
        records = list(session.query(f"SELECT {name} FROM UserPermissionAccess LIMIT 1"))  # noqa: S608 - a name of ours
    except (Forbidden, Missing, Refused):
        return None
    value = records[0].get(name) if records else None
    return value if isinstance(value, bool) else None
