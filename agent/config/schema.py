"""The settings as a JSON schema, for editors and for programs that write settings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from agent.config.settings import Org, Settings
from agent.duration import written


class _Schema(GenerateJsonSchema):
    """Defaults as they are written in a settings file: `10m`, not `PT10M`."""

    def encode_default(self, dft: Any) -> Any:
        return written(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

    def default_schema(self, schema: Any) -> dict[str, Any]:
        """Without the default of a group of settings, which repeats those of its keys."""
        described: dict[str, Any] = super().default_schema(schema)
        if isinstance(schema.get("default"), BaseModel):
            described.pop("default", None)
        return described


def settings_schema() -> dict[str, Any]:
    """JSON Schema of the settings file, with a description and the default of each key."""
    return Settings.model_json_schema(schema_generator=_Schema)


def org_schema() -> dict[str, Any]:
    """The same of a file in the folder of orgs."""
    return Org.model_json_schema(schema_generator=_Schema)
