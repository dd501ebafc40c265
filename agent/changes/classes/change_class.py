"""The class of a change, and one difference between settings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

ChangeClass = Literal["neutral", "strengthen", "weaken", "forbidden"]

GRAVITY: tuple[ChangeClass, ...] = ("neutral", "strengthen", "weaken", "forbidden")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place at which settings differ."""

    path: str
    """`notice.policies[default].steps[0].after`: entries of lists that have names are found by them."""
    before: Any
    """None where it was not there."""
    after: Any
    change_class: ChangeClass
    why: str
    """One plain sentence."""


def gravest(differences: Iterable[Difference]) -> ChangeClass:
    """Of all of them; `neutral` where there is none."""
    return max((found.change_class for found in differences), key=GRAVITY.index, default="neutral")
