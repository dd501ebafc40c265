"""The differences of two governed documents: `notice`, `permissions`, `trail`, `drills`, `rules`, and the destinations that mirror
checkpoints, each with its defaults, as pydantic writes them in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.changes.classes.change_class import Difference
from agent.changes.classes.comparison import Comparison
from agent.changes.classes.tables import channels, destinations, drills, notice, people, permissions, rules, trail

GOVERNED = Comparison(
    line
    for table in (notice, people, channels, permissions, trail, drills, rules, destinations)
    for line in table.LINES
)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Each place at which they differ, with what the change there does. Both documents are complete JSON; neither is changed."""
    return GOVERNED.differences(before, after)
