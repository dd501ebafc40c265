"""What one batch changes of correlations, and what it makes them say."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from agent.detection.correlation.definition.correlation import Correlation
from agent.detection.correlation.memory import Memory
from agent.detection.correlation.open_alert import OpenAlert
from agent.detection.correlation.text_codes import TextCodes


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert raised or revised: `alert.frames` makes a row of it."""

    correlation: Correlation
    alert: OpenAlert
    action: str
    merged_into: str = ""
    org: str = ""

    @property
    def ids(self) -> tuple[str, ...]:
        return self.alert.ids


@dataclass(slots=True)
class BatchChanges:
    """What one batch changes; nothing counts before `CorrelationEngine.advance`."""

    alert_changes: list[AlertChange] = field(default_factory=list)
    remember: dict[str, bytes | None] = field(default_factory=dict)
    """Key to what the transaction must store; None: deleted."""
    memories: dict[str, dict[str, Memory]] = field(default_factory=dict)
    """By org and correlation id."""
    texts: dict[str, TextCodes] = field(default_factory=dict)
    """By org."""
    pieces: dict[str, pl.DataFrame | None] = field(default_factory=dict)
    """Stored rows (`memory.schema`) by key; None: deleted."""
    newest: dict[str, dict[str, int]] = field(default_factory=dict)
    """Org and log source (as JSON) to the newest event time of it, in milliseconds."""
    left_out: dict[tuple[str, str], int] = field(default_factory=dict)
    """Correlation id and reason to rows: `late`, `crowded`, `no_time`, `no_group`, `no_value`, `future`."""

    def count(self, correlation: Correlation, reason: str, rows: int) -> None:
        key = (correlation.rule.id, reason)
        self.left_out[key] = self.left_out.get(key, 0) + rows
