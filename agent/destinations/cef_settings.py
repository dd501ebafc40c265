"""What a CEF line has of its event, for the destinations that can write CEF."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema, field_validator, model_validator

from agent.delivery_settings import DeliverySettings

_FIELD = re.compile(r"@timestamp|[a-z][a-z0-9_]*(\.[a-z0-9_]+)*\.([a-z0-9_]+|\*)")

INDISPENSABLE = ("event.id", "@timestamp")

_LEFT_OUT = {"type": "string", "pattern": f"^({_FIELD.pattern})$", "not": {"enum": [*INDISPENSABLE, "event.*"]}}

UNCHANGED: dict[str, Any] = {
    "properties": {"cef": {"properties": {"own_keys": {"const": True}, "leave_out": {"maxItems": 0}}}}
}
"""What a JSON schema says of a destination whose CEF lines are as they are by default."""


class CefSettings(BaseModel):
    """What a CEF line has of its event. By default all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    own_keys: bool = True
    """Write fields that have no standard key of CEF under keys of our own (`salesforceUpdateType`). Without them lines
    are less than half as long, and many events only have their kind, actor and time left."""
    leave_out: list[Annotated[str, WithJsonSchema(_LEFT_OUT)]] = Field(default_factory=list)
    """Fields that no line has, by their names in ECS; `related.*` is all below `related`. What is left out under one name
    may be in the line under another: a user's name is in `related.user` too."""

    @field_validator("leave_out")
    @classmethod
    def _keeps_what_an_event_is_known_by(cls, names: list[str]) -> list[str]:
        for name in names:
            if not _FIELD.fullmatch(name):
                raise ValueError(
                    f"{name!r} is not a field; write salesforce.row_count, or related.* for all below related"
                )
            if name in INDISPENSABLE or (name.endswith(".*") and f"{name[:-1]}id" in INDISPENSABLE):
                raise ValueError(
                    f"{name} cannot be left out: an event is identified by its id and time; write other fields"
                )
        return names


class CefDeliverySettings(DeliverySettings):
    """The settings that destinations with a choice of `format` have in common."""

    cef: CefSettings = CefSettings()
    """What CEF lines have of their events."""

    @model_validator(mode="after")
    def _cef_is_for_cef(self) -> CefDeliverySettings:
        if self.cef != CefSettings() and getattr(self, "format", "cef") != "cef":
            raise ValueError("cef: these settings are for CEF lines; write `format: cef` too, or leave them out")
        return self
