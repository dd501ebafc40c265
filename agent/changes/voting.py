"""Who has to approve a change, and whether they have."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from agent.changes.change import SettingsChange
from agent.changes.classes.change_class import ChangeClass
from agent.permissions.roles import APPROVING, Role

LEAST_APPROVERS = 2
"""One's own proposal is never one's own to approve, and what weakens needs two."""

RolesOf = Callable[[str], Collection[Role]]
"""The roles that a person has now, by login name."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """What a change needs."""

    approvals: int
    """By distinct people, none of whom proposed it."""
    privacy: bool
    """Whether one of them has to have the role `privacy`."""


QUORUMS: dict[ChangeClass, Quorum] = {
    "strengthen": Quorum(1, privacy=False),
    "neutral": Quorum(1, privacy=False),
    "weaken": Quorum(2, privacy=True),
}
"""Change control of notice settings: one pair of eyes beside the proposer's; two, one of them the privacy officer's, where
anything becomes weaker. What is forbidden has no quorum.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a change stands."""

    approved_by: tuple[str, ...]
    missing: str
    """What it still needs, in words; empty when it has all."""


def standing(change: SettingsChange, roles_of: RolesOf) -> Standing:
    """Votes count of those who have an approving role now: who has left the group since has no vote. A vote about other settings
    than those that the change leads to does not count, nor does the proposer's, whatever it says.
    """
    quorum = QUORUMS[change.change_class]
    approved: dict[str, Collection[Role]] = {}
    for vote in change.votes:
        roles = roles_of(vote.by)
        if vote.approves and vote.outcome == change.outcome and vote.by != change.by and APPROVING & set(roles):
            approved[vote.by] = roles
    missing = []
    if (wanted := quorum.approvals - len(approved)) > 0:
        missing.append(f"{wanted} more approval{'s' if wanted > 1 else ''}")
    if quorum.privacy and not any("privacy" in roles for roles in approved.values()):
        missing.append("one of a person with the role privacy")
    return Standing(tuple(approved), ", ".join(missing))
