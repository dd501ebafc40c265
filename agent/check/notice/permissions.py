"""Whether the groups of `permissions` are there, and whether enough people are in them that anything can be changed."""

from __future__ import annotations

import grp
from collections.abc import Iterator

from agent.config.settings import Settings
from agent.model import Finding
from agent.permissions.principal import members

SUBJECT = "permissions.groups"
LEAST_APPROVERS = 2
"""What weakens needs two people other than who proposed it."""


def examine_permissions(settings: Settings) -> Iterator[Finding]:
    """Asks this machine's database of groups: on another one there may be others."""
    if settings.permissions is None:
        return
    known = {group.gr_name for group in grp.getgrall()}
    missing = sorted(settings.permissions.groups.keys() - known)
    if missing:
        message = f"this machine does not have the groups {', '.join(missing)}: no person has their roles"
        yield _warning(message, f"add them: `groupadd {missing[0]}`, `usermod -aG leakline,{missing[0]} NAME`")
    approvers = members(settings.permissions.approving)
    if len(approvers) < LEAST_APPROVERS:
        who = f"only {min(approvers)} is" if approvers else "no person is"
        message = f"{who} in the groups that approve changes: nothing that weakens can be approved"
        yield _warning(message, "add people to the groups with the role privacy or approver: two at least")
    if not missing and len(approvers) >= LEAST_APPROVERS:
        yield Finding(SUBJECT, True, f"{len(approvers)} people can approve changes")


def _warning(message: str, fix: str) -> Finding:
    return Finding(SUBJECT, False, message, fix, warning=True)
