"""A stand-in until the models of reports are there."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class ReportModel(BaseModel):
    model_config = ConfigDict(extra="allow")

    type: Literal["sync_failure", "api_call", "heartbeat"]
    id: str = Field(default="", max_length=256)


REPORT: TypeAdapter[Any] = TypeAdapter(
    ReportModel | Annotated[list[ReportModel], Field(min_length=1, max_length=1_000)]
)
"""Of the body: one report, or several."""
