"""A mapping file as it is written; `mappings/README.md` describes it to those who write one."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from agent.yaml_lines.text_file import YamlFile


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


ConditionText = dict[str, str | list[str]]
"""Columns, the vendor's or computed ones, and the values one of which each must have; `*` stands for any text."""


class FieldText(_Strict):
    """Under `fields`: the field that holds a column's cells, with a conversion."""

    field: str
    conversion: str = Field(alias="as")


class DerivedText(_Strict):
    """Under `also`: what a field is worked out from, and how."""

    columns: list[str] = Field(alias="from")
    conversion: str | None = Field(default=None, alias="as")
    table: str | None = None
    where: ConditionText = {}
    """Only in rows in which each of these columns has one of its values."""
    unless: list[ConditionText] = []
    """Not in rows in which each column of one of these has one of its values."""
    times: str | None = None
    """Multiplied by this column."""

    @field_validator("columns", mode="before", json_schema_input_type=str | list[str])
    @classmethod
    def _one_or_more(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("unless", mode="before", json_schema_input_type=ConditionText | list[ConditionText])
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict) else value


Source = str | list[str] | DerivedText | None
Cases = dict[str, str | dict[str, str]]
ListCases = dict[str, list[str] | dict[str, list[str]]]


class MappingText(_Strict):
    """The whole file."""

    event_type: str | None = None
    aliases: list[str] = []
    header: str = ""
    dataset: str | None = None
    event_kind: str = Field(default="event", alias="kind")
    category: list[str] | ListCases = []
    type: list[str] | ListCases = []
    action: str | Cases | None = None
    outcome: str | Cases | None = None
    url: str | None = None
    actions: str | None = None
    fields: dict[str, str | FieldText] = {}
    also: dict[str, Source] = {}


def parse(file: YamlFile) -> MappingText:
    """Raises MappingError, at its line, for what no mapping file may say."""
    try:
        return MappingText.model_validate(file.content)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = first["loc"]
        raise file.error(where, f"`{where[0]}`: {first['msg'].lower()}", hint="see mappings/README.md") from invalid
