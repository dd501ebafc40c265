"""A change that no person proposed: of the settings file, the rule files, or a signed pack."""

from __future__ import annotations

from collections.abc import Sequence

from agent.changes import book
from agent.changes.change import OPEN_FOR, Kind, SettingsChange, Way
from agent.changes.classes.change_class import Difference, gravest
from agent.notice.incidents.desk import IncidentChange


def own_change(
    writing: IncidentChange,
    kind: Kind,
    way: Way,
    differences: Sequence[Difference],
    *,
    by: str,
    reason: str,
    base: str,
    outcome: str,
) -> SettingsChange:
    """With its number, which is counted; it is not stored yet. `way`: `votes` for a request, which is open; in any other way it is in force.
    `by`: who made it, in words; no login name has spaces.
    """
    number, counted = book.next_number(writing.recall, writing.now)
    writing.apply(counted)
    is_open = way == "votes"
    return SettingsChange(
        number,
        by,
        writing.now,
        reason,
        "",
        base,
        outcome,
        gravest(differences) if differences else "neutral",
        list(differences),
        way,
        writing.now + OPEN_FOR if is_open else writing.now,
        state="open" if is_open else "applied",
        applied_at=None if is_open else writing.now,
        kind=kind,
    )
