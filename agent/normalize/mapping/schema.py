"""A mapping file as a JSON schema, for editors: its shape, and the words that the loader knows."""

from __future__ import annotations

import re
from typing import Any

from agent.normalize.mapping.conversion import CONVERSIONS
from agent.normalize.mapping.document import MappingText
from agent.normalize.mapping.ecs_fields import ecs_table
from agent.normalize.mapping.interpret import ACTION, DATASET, OWN_FIELD, SAID_BY_LEAKLINE


def mapping_schema() -> dict[str, Any]:
    """JSON Schema of a mapping file. A table of one's own and the kind of a column are in other files: not looked at."""
    schema = MappingText.model_json_schema()
    definitions, properties = schema["$defs"], schema["properties"]
    definitions["FieldName"] = _field_name()
    definitions["DerivedText"]["properties"]["as"]["anyOf"][0]["enum"] = sorted(CONVERSIONS)
    definitions["FieldText"]["properties"]["as"]["const"] = "url_decoded"
    _refer(definitions["FieldText"]["properties"]["field"])
    for choice in properties["fields"]["additionalProperties"]["anyOf"]:
        if choice.get("type") == "string":
            _refer(choice)
    properties["also"]["propertyNames"] = {"$ref": "#/$defs/FieldName"}
    properties["dataset"]["anyOf"][0]["pattern"] = f"^{DATASET.pattern}$"
    for key in ("category", "type"):
        _allow_only(properties[key], {"enum": sorted(ecs_table().fields[f"event.{key}"].values)})
    _allow_only_words(properties["outcome"], {"enum": sorted(ecs_table().fields["event.outcome"].values)})
    _allow_only_words(properties["action"], {"pattern": f"^{ACTION.pattern}$"})
    return schema


def _field_name() -> dict[str, Any]:
    not_for_rows = "|".join(map(re.escape, SAID_BY_LEAKLINE))
    return {
        "description": "A field of ECS, or one of ours: salesforce.<column in lower case>, leakline.<name>, but none that only Leakline says.",
        "anyOf": [
            {"enum": sorted(ecs_table().fields)},
            {"type": "string", "pattern": f"^(?!{not_for_rows}){OWN_FIELD.pattern}$"},
        ],
    }


def _refer(schema: dict[str, Any]) -> None:
    schema.pop("type")
    schema["$ref"] = "#/$defs/FieldName"


def _allow_only(schema: dict[str, Any], allowed: dict[str, Any]) -> None:
    """Of a choice of lists: every list of words."""
    if schema.get("type") == "array":
        schema["items"] |= allowed
    for below in schema.get("anyOf", ()):
        _allow_only(below, allowed)
    if isinstance(schema.get("additionalProperties"), dict):
        _allow_only(schema["additionalProperties"], allowed)


def _allow_only_words(schema: dict[str, Any], allowed: dict[str, Any]) -> None:
    """Of a choice of words: every word; what stands for a table's name is left alone."""
    plain, cases, _ = schema["anyOf"]
    plain |= allowed
    _, words = cases["additionalProperties"]["anyOf"]
    words["additionalProperties"] |= allowed
    cases["properties"] = {"otherwise": {"type": "string"} | allowed}
