"""Which settings are in force: the file's, or, where permissions were approved, the approved ones in their governed keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from agent.changes.book import DamagedBook, content, in_force
from agent.config.governed import with_governed
from agent.config.settings import Settings
from agent.errors import SettingsError
from agent.permissions.settings import PermissionSettings
from agent.store.state import StateRecall

_PERMISSIONS = TypeAdapter(PermissionSettings | None)


def approved_document(recall: StateRecall) -> Mapping[str, Any] | None:
    """The governed settings in force as the state keeps them; None where the file alone counts: nothing is recorded yet, or no
    permissions are in force. `recall`: of the process's own shard. Raises SettingsError where they cannot be read.
    """
    try:
        known = in_force(recall)
        document = content(recall, known.sha256) if known is not None else None
    except DamagedBook as error:
        hint = "put back a backup of the state directory; until then nothing says who may change what"
        raise SettingsError(str(error), hint=hint) from error
    return document if document is not None and document.get("permissions") is not None else None


def permissions_in_force(recall: StateRecall) -> PermissionSettings | None:
    """Raises SettingsError."""
    document = approved_document(recall)
    return _PERMISSIONS.validate_python(document["permissions"]) if document is not None else None


def settings_in_force(settings: Settings, recall: StateRecall) -> Settings:
    """`settings`: the file's. Raises SettingsError where it does not go together with what is approved."""
    document = approved_document(recall)
    return with_governed(settings, document) if document is not None else settings
