"""What became of the rows of one chunk at a destination."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.model import Outcome


@dataclass
class DeliveryResult:
    """What became of the rows of one chunk."""

    acknowledged: int = 0
    duplicate: int = 0
    resent: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    """(row of the batch, reason)"""
    rejected: int = 0
    """Of the refused ones: those that the other side refused, not we."""

    def add(self, places: Sequence[int], outcome: Outcome) -> None:
        """`places`: of each row that `outcome` is about, its number in the batch."""
        self.refused += [(places[row], reason) for row, reason in outcome.rejected]
        self.rejected += len(outcome.rejected)
        self.acknowledged += len(places) - len(outcome.rejected) - len(outcome.retry) - len(outcome.too_long)
        self.duplicate += outcome.duplicates
        self.resent += len(outcome.retry)
