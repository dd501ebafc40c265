"""Which rows of a frame a condition holds for, and how such answers go together."""

from __future__ import annotations

import polars as pl

Mask = pl.Series | bool
"""Which rows hold: Boolean without nulls, one a row, or one answer for all rows."""


def any_of(mask: Mask) -> bool:
    """Whether it holds of any row; there is at least one."""
    return mask if isinstance(mask, bool) else bool(mask.any())


def inverted(mask: Mask) -> Mask:
    """The rows of which it does not hold."""
    return not mask if isinstance(mask, bool) else ~mask


def both(left: Mask, right: Mask) -> Mask:
    """The rows of which both hold."""
    if isinstance(left, bool):
        return right if left else False
    if isinstance(right, bool):
        return left if right else False
    return left & right


def either(left: Mask, right: Mask) -> Mask:
    """The rows of which one holds, or both."""
    if isinstance(left, bool):
        return True if left else right
    if isinstance(right, bool):
        return True if right else left
    return left | right
