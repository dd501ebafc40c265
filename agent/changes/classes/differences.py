"""Differences between governed settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.changes.classes.change_class import Difference


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Stand-in."""
    return [
        Difference(k, before.get(k), after.get(k), "weaken", "it differs.")
        for k in sorted({*before, *after})
        if before.get(k) != after.get(k)
    ]
