"""Governed settings: the keys of the settings file that only an approved change alters, where permissions are set.

`notice`, `permissions`, `trail`, `drills` and `rules` are governed whole, and so is each destination that mirrors the trail's
checkpoints: without it no copy elsewhere would show that records were changed. All else is reloaded as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agent.config.settings import Settings, parse
from agent.store.keys import PROCESS

KEYS = ("notice", "permissions", "trail", "drills", "rules")
DESTINATIONS = "destinations"

ORIGIN = "the approved settings"
"""As messages name them."""

MIRRORED_LANE = "alerts"


def governed_document(settings: Settings) -> dict[str, Any]:
    """Plain values with every default filled in. They hold no secret: settings say only where one is."""
    whole = settings.model_dump(mode="json", by_alias=True)
    document = {key: whole[key] for key in KEYS if key in whole}
    document[DESTINATIONS] = [plain for plain in whole[DESTINATIONS] if plain["name"] in _mirrors(settings)]
    return document


def with_governed(settings: Settings, document: Mapping[str, Any]) -> Settings:
    """These settings, their governed keys as `document` has them. A destination of the document replaces the one of its name, and is
    added where there is none; one that mirrors and is not in the document is left out: nobody has approved what would be sent
    there. Raises SettingsError where the two do not go together.
    """
    whole = settings.model_dump(mode="json", by_alias=True)
    whole |= {key: value for key, value in document.items() if key in KEYS}
    approved = {destination["name"]: destination for destination in document.get(DESTINATIONS, ())}
    mirrors = _mirrors(settings)
    kept = [approved.pop(plain["name"], None if plain["name"] in mirrors else plain) for plain in whole[DESTINATIONS]]
    whole[DESTINATIONS] = [*(plain for plain in kept if plain is not None), *approved.values()]
    merged = parse(whole, ORIGIN, has_folder=True)
    return merged.model_copy(update={"orgs": settings.orgs})


def _mirrors(settings: Settings) -> set[str]:
    return {
        destination.name
        for destination in settings.destinations
        if MIRRORED_LANE in destination.lanes and destination.takes(PROCESS)
    }
