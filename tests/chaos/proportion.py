"""How sure a proportion is: the exact bound of Clopper and Pearson (Biometrika 26, 1934), from below."""

from __future__ import annotations

import math

CONFIDENCE = 0.95
STEPS = 200
"""Halvings: more than a float has bits for."""


def lower_bound(successes: int, trials: int, confidence: float = CONFIDENCE) -> float:
    """The least true proportion that is not refuted: with it, so many successes or more come with a chance of 1 - confidence."""
    if not 0 <= successes <= trials or trials < 1:
        raise ValueError(f"{successes} of {trials} is not a proportion")
    if successes == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        if at_least(successes, trials, middle) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def at_least(successes: int, trials: int, proportion: float) -> float:
    """The chance of so many successes or more: the sum over what failed, which is short where little did."""
    if proportion in (0.0, 1.0):
        return float(proportion == 1.0 or successes == 0)
    hit, miss = math.log(proportion), math.log1p(-proportion)
    return math.fsum(
        math.exp(_log_choices(trials, failed) + (trials - failed) * hit + failed * miss)
        for failed in range(trials - successes + 1)
    )


def _log_choices(trials: int, chosen: int) -> float:
    return math.lgamma(trials + 1) - math.lgamma(chosen + 1) - math.lgamma(trials - chosen + 1)
