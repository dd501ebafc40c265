"""What one file of rules says by itself, before it meets the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.detection.sigma.filter import Filter
from agent.detection.sigma.rule import Rule
from agent.errors import RuleError

if TYPE_CHECKING:
    from agent.detection.sigma.document import Document


@dataclass(slots=True)
class ParsedFile:
    """In the order in which it stands there."""

    rules: list[Rule] = field(default_factory=list)
    filters: list[Filter] = field(default_factory=list)
    errors: list[RuleError] = field(default_factory=list)
    derived: list[Document] = field(default_factory=list)
    """Correlations and baselines: what they say hangs on rules of other files."""
    placeholders: set[str] = field(default_factory=set)
    """Names that were looked up, with success or without."""
