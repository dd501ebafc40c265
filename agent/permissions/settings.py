"""The settings `permissions`: which groups of the operating system have which role."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from agent.permissions.roles import APPROVING

_GROUP = r"^[A-Za-z_][A-Za-z0-9_.@\\-]{0,63}$"


def _group(name: str) -> str:
    if not re.fullmatch(_GROUP, name):
        raise ValueError(f"{name[:60]!r} is not the name of a group; write it as `getent group` does")
    return name


GroupName = Annotated[str, AfterValidator(_group), Field(json_schema_extra={"pattern": _GROUP})]
PersonRole = Literal["viewer", "auditor", "responder", "privacy", "approver", "admin"]


class PermissionSettings(BaseModel):
    """Who may do what. Left out, every user who can open the control socket may do everything, and changes of settings apply at the next
    start.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    groups: dict[GroupName, PersonRole] = Field(min_length=1)
    """The role of the members of each group of the operating system. Who is in several has all their roles; who is in none may do
    nothing. One group has to be `admin`, and one `privacy`: else nothing could be proposed, or nothing weaker approved."""

    @field_validator("groups")
    @classmethod
    def _can_be_changed(cls, groups: dict[str, PersonRole]) -> dict[str, PersonRole]:
        for role, why in (("admin", "propose a change"), ("privacy", "approve one that weakens")):
            if role not in groups.values():
                raise ValueError(
                    f"no group has the role {role}, so that no person could {why}; give one group that role"
                )
        return groups

    @property
    def approving(self) -> frozenset[str]:
        """Groups whose members' votes count."""
        return frozenset(group for group, role in self.groups.items() if role in APPROVING)
