"""The settings of the budget."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ApiBudget(BaseModel):
    """How much of the org's daily API allowance may be used. Nearer to it, less important sources slow down; those
    with `priority: high` are read until it is reached.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    share: float = Field(default=0.8, gt=0, le=1)
    """Leakline stops asking while more than this share of the daily allowance is used, by whomever."""
    own_share: float | None = Field(default=None, gt=0, le=1)
    """Leakline stops asking while its own calls of the last 24 hours are more than this share of the daily allowance. Unless
    set, `share` alone counts."""
    backfill_share: float = Field(default=0.5, ge=0, le=1)
    """A backfill may use this share of what the sources are going to leave; 0 holds it back altogether."""

    @property
    def most_share(self) -> float:
        """The share of the daily allowance that Leakline may use where nobody else uses any."""
        return min(self.share, self.own_share or 1.0)
