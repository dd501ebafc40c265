"""The numbers of a baseline's condition, from its document or from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from agent.detection.baseline.baseline import Baseline
from agent.detection.baseline.kinds import kind_of


def with_bounds(baseline: Baseline, bounds: Mapping[str, object]) -> Baseline:
    """With other numbers in its condition. Raises ValueError for one that its kind does not know, or that is negative."""
    numbers: dict[str, float] = {}
    known = kind_of(baseline).bounds
    for name, value in bounds.items():
        if name not in known:
            names = (
                f"write one of {', '.join(known)}" if known else f"baselines of the type {baseline.kind} have no bounds"
            )
            raise ValueError(f"`{name}` is not a bound of this baseline: {names}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"{value!r} is not a number of 0 or more for `{name}`")
        numbers[name] = float(value)
    return replace(baseline, bounds={**baseline.bounds, **numbers})
