"""A Sigma filter as the rest of the program knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.detection.condition.tree import Node
from agent.detection.sigma.log_source import LogSource
from agent.detection.sigma.rule import Rule

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Filter:
    """A Sigma filter: its condition is ANDed, as it stands, to the rules it names."""

    condition: Node
    logsource: LogSource
    rules: frozenset[str] | None
    """Ids and names; None for any."""
    path: Path
    line: int
    """Of what it names."""

    def applies_to(self, rule: Rule) -> bool:
        named = self.rules is None or not self.rules.isdisjoint({rule.id, rule.name})
        return named and self.logsource.covers(rule.logsource)
