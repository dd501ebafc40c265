"""Whether an obligation that a fact decides about applies in more cases than before, or in fewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.changes.classes.change_class import ChangeClass
from agent.changes.classes.deadline import deadline_class
from agent.changes.classes.directions import Direction, ValueChange, any_weakens, larger_weakens, smaller_weakens
from agent.changes.classes.equality import is_same
from agent.changes.classes.magnitude import number

BOUNDS: Mapping[str, Direction] = {
    "above": larger_weakens(number),
    "at_least": larger_weakens(number),
    "below": smaller_weakens(number),
}
"""The higher a number is above which a duty applies, the fewer cases there are."""


def scope_class(change: ValueChange) -> ChangeClass:
    """The test `applies` of an obligation. Without one it always applies."""
    if not isinstance(change.before, Mapping) or not isinstance(change.after, Mapping):
        return "strengthen" if change.after is None else "weaken"
    before, after = _said(change.before), _said(change.after)
    differing = [key for key in {*before, *after} if not is_same(before.get(key), after.get(key))]
    if not differing:
        return "neutral"
    direction = BOUNDS.get(differing[0], any_weakens) if len(differing) == 1 else any_weakens
    return direction(ValueChange(before.get(differing[0]), after.get(differing[0])))


def variants_class(change: ValueChange) -> ChangeClass:
    """Other deadlines under a condition: the conditions stay, and no deadline is later. New ones come last and are shorter than
    the obligation's own.
    """
    before, after = change.before or [], change.after or []
    if not _are_variants(before) or not _are_variants(after) or len(after) < len(before):
        return "weaken"
    pairs = list(zip(before, after, strict=False))
    if any(not is_same(_without(old, "deadline"), _without(new, "deadline")) for old, new in pairs):
        return "weaken"
    own = change.beside_after.get("deadline")
    judged = [deadline_class(ValueChange(old["deadline"], new["deadline"])) for old, new in pairs if old != new]
    judged += ["strengthen" if _is_shorter(own, new["deadline"]) else "weaken" for new in after[len(before) :]]
    return "weaken" if "weaken" in judged else "strengthen" if "strengthen" in judged else "neutral"


def _is_shorter(own: Any, other: Any) -> bool:
    return not is_same(own, other) and deadline_class(ValueChange(own, other)) == "strengthen"


def _said(test: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in test.items() if value is not None}


def _without(variant: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in variant.items() if key != name}


def _are_variants(variants: Any) -> bool:
    return isinstance(variants, list) and all(
        isinstance(variant, Mapping) and "deadline" in variant for variant in variants
    )
