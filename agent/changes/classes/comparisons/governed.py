"""The differences of two governed documents: `notice`, `permissions`, `trail`, `drills`, `rules`, and the destinations that mirror
checkpoints, each with its defaults, as pydantic writes them in JSON by alias.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.changes.classes.change_class import Difference
from agent.changes.classes.comparison_table import ComparisonTable
from agent.changes.classes.tables import channels, destinations, drills, notice, people, permissions, rules, trail

GOVERNED = ComparisonTable(
    line
    for table in (notice, people, channels, permissions, trail, drills, rules, destinations)
    for line in table.LINES
)


NO_PERSON = "Before this change there was no person who could be notified."


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """Each place at which they differ, with what the change there does. Both documents are complete JSON; neither is changed."""
    found = GOVERNED.differences(before, after)
    notice = before.get("notice")
    if isinstance(notice, Mapping) and not notice.get("people"):
        return [_without_people(difference) for difference in found]
    return found


def _without_people(difference: Difference) -> Difference:
    """Without people no policy and no rotation had an effect that could be lost: the first ones that are set up only add."""
    is_idle = difference.path.startswith(("notice.policies", "notice.on_call"))
    if is_idle and difference.change_class == "weaken" and difference.after is not None:
        return replace(difference, change_class="strengthen", why=NO_PERSON)
    return difference
