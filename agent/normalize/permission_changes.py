"""Changes of permission sets, as the setup audit trail tells them and as PermissionSetEvent does.

The two have no common identity (docs/decisions/0029). What both have is who changed which set, how, and when: the trail names
the set in a sentence, the event in a list, one by its label and the other by its name, which is the label without blanks
unless somebody chose another. So names are compared by their letters and digits alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import polars as pl

from agent.columns.timestamp import TIME
from agent.model import Batch

Teller = Literal["SetupAuditTrail", "PermissionSetEvent"]
ChangeKind = Literal["assigned", "unassigned", "contents"]

ACTIONS: dict[str, ChangeKind] = {
    "PermSetAssign": "assigned",
    "PermSetAssign_HasExpiration": "assigned",
    "PermSetGroupAssign": "assigned",
    "PermSetUnassign": "unassigned",
    "PermSetUnassign_HasExpiration": "unassigned",
    "PermSetGroupUnassign": "unassigned",
    "PermSetEnableUserPerm": "contents",
    "PermSetDisableUserPerm": "contents",
    "PermSetEntityPermChanged": "contents",
    "PermSetFlsChanged": "contents",
}
"""Of SetupAuditTrail (Object Reference: SetupAuditTrail, and what orgs write)."""
ACCESS = "SetupEntityAccessAudit_PermissionSet_"
"""How actions begin by which a set was given apps, classes or custom permissions."""
TOLD_BY_BOTH = frozenset({"PermSetEnableUserPerm", "PermSetDisableUserPerm"})
"""Actions of which there is an event in any case: of assignments there is one for sets with a critical permission alone."""
OPERATIONS: dict[str, ChangeKind] = {
    "AssignedToUsers": "assigned",
    "UnassignedFromUsers": "unassigned",
    "PermsEnabled": "contents",
    "PermsDisabled": "contents",
    "CriticalPerms": "contents",
}
"""Of PermissionSetEvent."""

_SET = re.compile(r"(?:changed )?permission set(?: group)? (?P<name>.+?)(?: with expiration)?: ", re.IGNORECASE)
_OF_PROFILE = re.compile(r"X00e\w+")
"""How the sets are called that profiles own; the trail tells changes of profiles in other ways."""
LONGEST = 120
"""Characters of a name that are kept."""


class PermissionChange(NamedTuple):
    """One that one of the two told."""

    teller: Teller
    kind: ChangeKind
    target: str
    """The permission set's name, as it is compared; empty where it is not told."""
    actor: str
    """The username of who did it, in lower case."""
    time: int
    """Milliseconds since 1970."""
    name: str
    """Of the permission set, as it was told."""
    is_told_by_both: bool
    """Whether the other feed has to tell it as well."""


def permission_changes(batch: Batch, prepared: pl.DataFrame) -> list[PermissionChange]:
    """Those of a batch; rows without a time or without who did it are none. `prepared`: of the batch's rows, in their order."""
    if batch.source == "setup_audit_trail":
        return list(_of_trail(prepared))
    if batch.event_type in ("PermissionSetEvent", "PermissionSetEventStore"):
        return list(_of_events(prepared))
    return []


def _of_trail(prepared: pl.DataFrame) -> Iterator[PermissionChange]:
    for time, action, display, actor in _rows(prepared, "Action", "Display", "CreatedBy.Username"):
        found = _SET.match(display)
        kind = ACTIONS.get(action, "contents" if action.startswith(ACCESS) else None)
        if kind is not None and found is not None:
            yield _change("SetupAuditTrail", kind, found["name"], actor, time, both=action in TOLD_BY_BOTH)


def _of_events(prepared: pl.DataFrame) -> Iterator[PermissionChange]:
    for time, operation, names, actor in _rows(prepared, "Operation", "ParentNameList", "Username"):
        if operation in OPERATIONS:
            for name in _listed(names) or [""]:
                if _OF_PROFILE.fullmatch(name):
                    continue
                yield _change("PermissionSetEvent", OPERATIONS[operation], name, actor, time, both=True)


def _change(teller: Teller, kind: ChangeKind, name: str, actor: str, time: int, *, both: bool) -> PermissionChange:
    shown = name[:LONGEST]
    return PermissionChange(teller, kind, re.sub(r"[\W_]+", "", shown).casefold(), actor.lower(), time, shown, both)


def _listed(text: str) -> Sequence[str]:
    """`[Data_Export, Billing]` and the same with quotation marks."""
    names = (name.strip().strip("\"'").strip() for name in text.strip().strip("[]").split(","))
    return [name for name in names if name]


def _rows(prepared: pl.DataFrame, *columns: str) -> Iterator[tuple[int, str, str, str]]:
    """Time and three cells of each row that has the time, the first and the last of them."""
    if not {"@timestamp", *columns} <= set(prepared.columns):
        return
    times = prepared["@timestamp"].cast(TIME).cast(pl.Int64)
    for time, what, where, who in zip(times, *(prepared[column] for column in columns), strict=True):
        if time is not None and what and who:
            yield time, what, where or "", who
