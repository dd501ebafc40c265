"""The classes of a change, and a difference that has one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

ChangeClass = Literal["neutral", "strengthen", "weaken", "forbidden"]

GRAVITY: tuple[ChangeClass, ...] = ("neutral", "strengthen", "weaken", "forbidden")
"""The classes, the gravest last."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which two documents differ."""

    path: str
    """Such as `notice.policies[default].steps[0].after`: entries of lists that have names are found by them, so that an order
    that changed is seen as such."""
    before: Any
    """JSON; None where it was not there."""
    after: Any
    """The same."""
    change_class: ChangeClass
    why: str
    """What makes it so, in one plain sentence that holds for either direction."""


def gravest(differences: Iterable[Difference]) -> ChangeClass:
    """The class of a change with these differences; neutral for none."""
    return gravest_class(difference.change_class for difference in differences)


def gravest_class(classes: Iterable[ChangeClass]) -> ChangeClass:
    return max(classes, key=GRAVITY.index, default="neutral")
