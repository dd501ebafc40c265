"""What of the status document is about an org's API calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApiBudgetStatus:
    """Leakline's own calls of the last 24 hours, beside what it may use."""

    budget: int
    """Calls of the day at which Leakline stops, by whomever they are (`api_budget.share`); 0 while it is not known."""
    own_budget: int | None
    """Its own calls of the day at which it stops (`api_budget.own_share`); None unless set."""
    own: int
    purposes: Mapping[str, int]
    """By purpose: live, look_up, probe, backfill."""
    sources: Mapping[str, int]
    """By the source's name; the org's name alone for what is of no source."""
