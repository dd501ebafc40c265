"""Governed settings as the book has them: they count from the moment that a change comes into force, and the daemon runs with them some
seconds later. What is proposed and voted on meanwhile is held against the book.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from agent.changes import book
from agent.changes.classes.change_class import Difference
from agent.changes.classes.comparisons.governed import differences
from agent.changes.temporary import agreed
from agent.config.governed import governed_document, with_governed
from agent.config.settings import Settings
from agent.errors import SettingsError
from agent.permissions.settings import PermissionSettings
from agent.store.state import StateRecall

_PERMISSIONS = TypeAdapter(PermissionSettings | None)


def document_as_now(settings: Settings, stored: book.GovernedDocument) -> dict[str, Any]:
    """With the defaults of keys that this version added, which are no change that a person made. `settings`: what else is in use."""
    try:
        return governed_document(with_governed(settings, stored))
    except SettingsError:  # they do not go with the rest of the file any more: then they are compared as they were
        return dict(stored)


def differences_from(
    recall: StateRecall, settings: Settings, known: book.InForce, outcome: book.GovernedDocument
) -> list[Difference]:
    """What a change does that leads to `outcome`: to the settings in force, and, while those are for a time, to those that come
    back after them as well, so that what is for a time never becomes lasting unseen. Raises DamagedBook.
    """
    found = differences(document_as_now(settings, book.content(recall, known.sha256)), outcome)
    if not known.lasting:
        return found
    lasting = differences(document_as_now(settings, book.content(recall, known.lasting)), outcome)
    return [*lasting, *(difference for difference in found if difference not in lasting)]


def voting_permissions(
    recall: StateRecall, settings: Callable[[], Settings], now: datetime
) -> PermissionSettings | None:
    """By which votes count (see `agreed`). `settings`: those that the daemon runs with. Raises DamagedBook."""
    known = book.in_force(recall)
    if known is None:
        return settings().permissions
    document = book.content(recall, agreed(recall, known, now))
    return _PERMISSIONS.validate_python(document.get("permissions"))
