"""Answers without what is personal, for roles that may see that there is something but not whom it is about."""

from __future__ import annotations

from typing import Any

PERSONAL = frozenset({"title", "acknowledged_by", "assignee"})
"""Of a row of incidents: texts that name people."""

HIDDEN = "hidden: your role does not see people"


def masked(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer of `incidents_list`, the texts of its rows replaced by `HIDDEN` where there are any."""
    rows = [
        {name: HIDDEN if name in PERSONAL and value else value for name, value in row.items()}
        for row in answer["incidents"]
    ]
    return {**answer, "incidents": rows}
