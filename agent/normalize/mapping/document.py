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
    """The field that holds the cells."""
    conversion: str = Field(alias="as")
    """A conversion that gives the cell back."""


class DerivedText(_Strict):
    """Under `also`: what a field is worked out from, and how."""

    columns: list[str] = Field(alias="from")
    """A column or several, of which the first that gives something wins; a field that stands earlier counts as one."""
    conversion: str | None = Field(default=None, alias="as")
    """How its cells become values; unless stated, the type that ECS gives the field decides."""
    table: str | None = None
    """A file in `tables/` in which the value is looked up."""
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
    """The event type, as the vendor's files spell it. `every_type.yaml` has none: all types of its service share it."""
    aliases: list[str] = []
    """Other spellings of the event type."""
    header: str = ""
    """The columns that its files are known to have."""
    dataset: str | None = None
    """The family of events: `event.dataset` is `salesforce.` and this word."""
    event_kind: str = Field(default="event", alias="kind")
    """`event.kind`."""
    category: list[str] | ListCases = []
    """`event.category`: a list, or by the values of columns."""
    type: list[str] | ListCases = []
    """`event.type`: a list, or by the values of columns."""
    action: str | Cases | None = None
    """`event.action`, what was done: a phrase such as `report-exported`, or by the values of columns."""
    outcome: str | Cases | None = None
    """`event.outcome`: a word, or by the values of columns; of a column, the name of a file in `tables/`."""
    url: str | None = None
    """The column whose parts become `url.*`."""
    type_column: str = ""
    """The column by which rules ask for the event type, where rows have none of their own (`every_type.yaml` alone)."""
    setup_action: str | None = None
    """The column with the action of the setup audit trail: `leakline.setup.*`, and words that the file does not give."""
    actions: str | None = None
    """The column whose Lightning actions become `leakline.aura.*`."""
    fields: dict[str, str | FieldText] = {}
    """A column to the field that holds its cells; `salesforce.<column>` for columns that are not here."""
    also: dict[str, Source] = {}
    """A field to the column that it is worked out from, besides."""


def parse(file: YamlFile) -> MappingText:
    """Raises MappingError, at its line, for what no mapping file may say."""
    try:
        return MappingText.model_validate(file.content)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = first["loc"]
        raise file.error(where, f"`{where[0]}`: {first['msg'].lower()}", hint="see mappings/README.md") from invalid
