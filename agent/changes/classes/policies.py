"""Escalation policies: whoever is reached later, or no longer, makes a change of them weaker.

A key alone does not say it. A policy that takes more incidents takes them from those after it; another tier at the end makes
every repetition later.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.changes.classes.change_class import ChangeClass, Difference
from agent.changes.classes.containers import NamedList
from agent.changes.classes.directions import ValueChange
from agent.changes.classes.escalation_plan import later_recipient
from agent.changes.classes.line import Compare, Place

TIMING = ("steps", "repeat", "repeat_after", "acknowledgement")
SCOPE = ("levels", "orgs")
EMPTY = "A policy without steps notifies no person."


def addition(
    policy: Mapping[str, Any], before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> ChangeClass:
    """A new policy at the end takes what no other takes. Elsewhere it takes incidents from others; the first of all takes
    the place of the default, which notifies everyone in the end.
    """
    if not policy.get("steps"):
        return "forbidden"
    known = {policy["name"] for policy in before}
    following = itertools.dropwhile(lambda other: other["name"] != policy["name"], after)
    return "strengthen" if before and all(other["name"] not in known for other in following) else "weaken"


@dataclass(frozen=True, slots=True)
class Policies:
    """The list of them. The first that fits is taken, so their order matters."""

    entries: NamedList = field(default_factory=lambda: NamedList(added=addition, reordered="weaken"))

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        before, after = self.entries.named(change.before), self.entries.named(change.after)
        found = list(self.entries.differences(place, change, reason, compare))
        for name in (before or {}) if after else ():
            if before and after and name in after:
                below = place.entry(name)
                found = _timed(found, below, before[name], after[name])
                if name != list(after)[-1]:
                    found = _not_last(found, below)
        yield from found


@dataclass(frozen=True, slots=True)
class Steps:
    """The tiers of a policy, by their numbers."""

    def differences(self, place: Place, change: ValueChange, reason: str, compare: Compare) -> Iterator[Difference]:
        before, after = change.before, change.after
        if not after:
            yield place.difference(change, "forbidden", EMPTY)
        elif not _are_steps(before) or not _are_steps(after) or len(after) < len(before):
            yield place.difference(change, "weaken", reason)
        elif len(before) == len(after):
            for number, (step, other) in enumerate(zip(before, after, strict=True)):
                below = place.entry(number)
                for key in dict.fromkeys([*step, *other]):
                    yield from compare(below.key(key), ValueChange(step.get(key), other.get(key), step, other))
        else:  # which tier is new cannot be said: what counts is when people are reached, which is compared besides
            yield place.difference(change, "strengthen", reason)


def _timed(
    found: list[Difference], place: Place, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Difference]:
    """Each change of times and tiers weakens where none does alone and a recipient is reached later by all of them together."""
    timing = [item for item in found if _is_below(item, place, TIMING)]
    if not timing or any(item.change_class in ("weaken", "forbidden") for item in timing):
        return found
    try:
        later = later_recipient(before, after)
        why = f"With these steps and repetitions {later} gets a message later than before, or not at all."
    except ValueError:
        later, why = "", "The steps cannot be compared."
    if later is None:
        return found
    return [replace(item, change_class="weaken", why=why) if item in timing else item for item in found]


def _not_last(found: list[Difference], place: Place) -> list[Difference]:
    why = "A policy that takes more incidents takes them from the policies after it."
    return [
        replace(item, change_class="weaken", why=why)
        if item.change_class == "strengthen" and _is_below(item, place, SCOPE)
        else item
        for item in found
    ]


def _is_below(item: Difference, place: Place, keys: Sequence[str]) -> bool:
    return item.path.startswith(tuple(f"{place.path}.{key}{end}" for key in keys for end in ("[", "."))) or (
        item.path in {f"{place.path}.{key}" for key in keys}
    )


def _are_steps(steps: Any) -> bool:
    return isinstance(steps, list) and all(isinstance(step, Mapping) for step in steps)
