"""`event.category`, `.type` and `.action` of the setup audit trail: by its actions, behind what a mapping file says."""

from __future__ import annotations

from agent.normalize.audit_trail.setup_action import setup_actions
from agent.normalize.mapping.mapping import Choice


def setup_action_words(choice: Choice[str], column: str | None) -> Choice[str]:
    """Of `event.action`; `column` holds the trail's action, None where the rows are not of the trail."""
    if column is None:
        return choice
    words = {name: action.does for name, action in setup_actions().items()}
    return Choice((*choice.cases, (column, words)), choice.otherwise)


def setup_category_words(choice: Choice[tuple[str, ...]], column: str | None) -> Choice[tuple[str, ...]]:
    """Of `event.category`."""
    if column is None:
        return choice
    words = {name: (action.category,) for name, action in setup_actions().items()}
    return Choice((*choice.cases, (column, words)), choice.otherwise)


def setup_type_words(choice: Choice[tuple[str, ...]], column: str | None) -> Choice[tuple[str, ...]]:
    """Of `event.type`."""
    if column is None:
        return choice
    words = {name: tuple(action.type) for name, action in setup_actions().items()}
    return Choice((*choice.cases, (column, words)), choice.otherwise)
