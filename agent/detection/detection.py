"""What the rules found in one batch, and when it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from agent.detection.memory.undo import Undo


@dataclass(slots=True)
class Detection:
    """What was found in one batch. Nothing of it counts until `commit`; calling `detect` again instead is a retry."""

    alerts: pl.DataFrame
    """Shaped; no columns if there are none."""
    remember: Mapping[str, bytes | None]
    """What must be stored in the batch's transaction."""
    matched: Mapping[str, int]
    """Rule id to rows matched, folded ones included."""
    _advance: Callable[[], Undo] = field(repr=False)
    _stored: Callable[[], None] = field(repr=False)
    _undo: Undo | None = field(repr=False, default=None)

    def advance(self) -> None:
        """The next batch is detected against what this one leaves, although it is not stored yet.

        `commit` must follow once it is, or `take_back`.
        """
        self._undo = self._advance()

    def commit(self) -> None:
        """It is stored, and so is every other that has advanced."""
        if self._undo is None:
            self.advance()
        self._stored()

    def take_back(self) -> None:
        """It was not stored. Of several, the last one goes first."""
        if self._undo is not None:
            self._undo()
            self._undo = None
