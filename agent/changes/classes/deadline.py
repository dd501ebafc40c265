"""Whether one deadline of a pack ends later than another.

Two of one mode are compared by their numbers. Of different modes the one is later unless the other ends after it on any
calendar: of each mode the least and the most hours are known, and where a mode has no most, nothing is called shorter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from agent.changes.classes.change_class import ChangeClass, gravest_class
from agent.changes.classes.directions import ValueChange, larger_weakens
from agent.changes.classes.equality import is_same
from agent.changes.classes.magnitude import number

DAY = 24.0
"""Hours."""
SHIFT = 26.0
"""Hours by which the rest of the first day and changes of a zone's offset can move the end of a day."""

BOUNDS: Mapping[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "hours": (lambda hours: hours, lambda hours: hours),
    "calendar_days": (lambda days: (days - 1) * DAY, lambda days: days * DAY + SHIFT),
    "business_days": (lambda days: (days - 1) * DAY, lambda _: math.inf),
    "months": (lambda months: months * 28 * DAY - DAY, lambda months: months * 31 * DAY + SHIFT),
    "after_year_end_days": (lambda days: (days - 1) * DAY, lambda days: (366 + days) * DAY + SHIFT),
}
"""By the mode, the least and the most hours from the anchor to the end of `value`."""

EQUAL = frozenset({"mode", "value", "of", "policy_target_hours", "roll"})
"""Keys that are compared here; another one, such as the zone or the calendar, moves an end by no known time."""


def deadline_class(change: ValueChange) -> ChangeClass:
    """What another deadline of an obligation does: a later one weakens, and so does one that cannot be compared."""
    before, after = change.before, change.after
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return "weaken"
    mode = before.get("mode")
    if mode != after.get("mode"):
        return _other_mode(before, after)
    beside = {key for key in (*before, *after) if key not in EQUAL}
    if not all(is_same(before.get(key), after.get(key)) for key in beside):
        return "weaken"
    if mode == "min_of":
        return _earliest(before.get("of"), after.get("of"))
    key = "policy_target_hours" if mode == "undue_delay" else "value"
    return gravest_class([larger_weakens(number)(ValueChange(before.get(key), after.get(key))), _roll(before, after)])


def _roll(before: Mapping[str, Any], after: Mapping[str, Any]) -> ChangeClass:
    """An end that is put off to a working day is later."""
    if before.get("roll") == after.get("roll"):
        return "neutral"
    return "strengthen" if after.get("roll") is None else "weaken"


def _other_mode(before: Mapping[str, Any], after: Mapping[str, Any]) -> ChangeClass:
    """A number in place of an undue delay strengthens where it is no more than the target; the reverse is no law any more."""
    least, most = _least(before), _most(after)
    return "strengthen" if least is not None and most is not None and most <= least else "weaken"


def _least(deadline: Mapping[str, Any]) -> float | None:
    if deadline.get("mode") == "undue_delay":
        return number(deadline.get("policy_target_hours"))
    bounds, value = BOUNDS.get(str(deadline.get("mode"))), number(deadline.get("value"))
    return bounds[0](value) if bounds and value is not None else None


def _most(deadline: Mapping[str, Any]) -> float | None:
    bounds, value = BOUNDS.get(str(deadline.get("mode"))), number(deadline.get("value"))
    return bounds[1](value) if bounds and value is not None and deadline.get("roll") is None else None


def _earliest(before: Any, after: Any) -> ChangeClass:
    """Of several periods the earliest counts: another one can only make it earlier, and none may be missing or longer."""
    old, new = _hours(before), _hours(after)
    if old is None or new is None or any(new.get(anchor, math.inf) > hours for anchor, hours in old.items()):
        return "weaken"
    return "neutral" if old == new else "strengthen"


def _hours(parts: Any) -> dict[str, float] | None:
    """By the anchor."""
    found: dict[str, float] = {}
    for part in parts if isinstance(parts, list) else ():
        hours = number(part.get("value")) if isinstance(part, Mapping) else None
        if hours is None or not isinstance(part.get("anchor"), str) or part["anchor"] in found:
            return None
        found[part["anchor"]] = hours
    return found or None
