"""The settings as a JSON schema, for editors and for whoever writes settings by program."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from agent.config.settings import Settings
from agent.duration import written


class _Schema(GenerateJsonSchema):
    """Defaults as they are written in a settings file: `10m`, not `PT10M`."""

    def encode_default(self, dft: Any) -> Any:
        return written(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def settings_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the settings file, with a description and the default of each key."""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "leakline.yaml"}
    return Settings.model_json_schema(schema_generator=_Schema) | head
