"""The settings `permissions`: which groups of the operating system have which role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.changes.classes.change_class import ChangeClass, Difference, gravest_class
from agent.changes.classes.containers import Entries, Group
from agent.changes.classes.directions import ValueChange
from agent.changes.classes.line import Compare, Line, Place

DECIDES = frozenset({"approver", "privacy"})
"""Roles that agree to changes."""
ENOUGH = 2
"""Groups of people with such a role: one for each pair of eyes."""

TOO_FEW = "Changes need the agreement of two people, and too few groups may agree."

GIVEN: Mapping[str, ChangeClass] = {"viewer": "neutral", "auditor": "neutral"}
"""What it does that a group gets a role. Any other role acts: it acknowledges, decides, agrees, proposes or sends."""

TAKEN: Mapping[str, ChangeClass] = {"viewer": "neutral"}
"""What it does that a group loses a role. Without the others there are fewer who react, decide, check or agree."""


def role(change: ValueChange) -> ChangeClass:
    """A group that loses `admin` strengthens as long as another one has it: proposals are not stopped."""
    classes: list[ChangeClass] = []
    if change.after is not None:
        classes.append(GIVEN.get(str(change.after), "weaken"))
    if change.before == "admin" and "admin" in change.beside_after.values():
        classes.append("strengthen")
    elif change.before is not None:
        classes.append(TAKEN.get(str(change.before), "weaken"))
    return gravest_class(classes)


@dataclass(frozen=True, slots=True)
class RoleGroups:
    """The groups, and whether enough of them can agree."""

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        before, after = deciding(change.before), deciding(change.after)
        if after == 0 or (after < ENOUGH and after < before):
            yield place.difference(change, "forbidden", TOO_FEW)
        yield from Entries().differences(place, change, reason, compare)


@dataclass(frozen=True, slots=True)
class GovernedRoles:
    """Roles at all. They can come, and never go."""

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        if change.before is None and isinstance(change.after, Mapping) and deciding(change.after.get("groups")) == 0:
            yield place.key("groups").difference(ValueChange(None, change.after.get("groups")), "forbidden", TOO_FEW)
        yield from Group(removed="forbidden").differences(place, change, reason, compare)


def deciding(groups: Any) -> int:
    """How many groups have a role that agrees."""
    return sum(str(name) in DECIDES for name in groups.values()) if isinstance(groups, Mapping) else 0


LINES: Sequence[Line] = (
    Line("permissions", GovernedRoles(), "Without roles any user of the machine may do everything alone."),
    Line("permissions.groups", RoleGroups(), "A group of the operating system has a role by it."),
    Line(
        "permissions.groups.*", role, "A role lets its people act, and without it fewer people react, check and agree."
    ),
)
