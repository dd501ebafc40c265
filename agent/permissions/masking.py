"""Answers without what is personal, for roles that may see that there is something but not whom it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PERSONAL: Mapping[str, frozenset[str]] = {
    "incidents": frozenset({"title", "acknowledged_by", "assignee"}),
    "deadlines": frozenset({"assignee", "reason", "receipt"}),
}
"""By the list in an answer, the texts of its rows that name people."""

HIDDEN = "hidden: your role does not see people"


def masked(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of `incidents_list` or `status`, the texts of its rows replaced by `HIDDEN` where there are any."""
    return {key: _masked(PERSONAL.get(key, frozenset()), value) for key, value in answer.items()}


def _masked(personal: frozenset[str], value: Any) -> Any:
    if not personal or not isinstance(value, list):  # the status document counts incidents, and lists none
        return value
    return [{name: HIDDEN if name in personal and text else text for name, text in row.items()} for row in value]
