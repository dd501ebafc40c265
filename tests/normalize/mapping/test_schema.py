"""The schema that `leakline schema mapping` prints, held against the mappings that are shipped."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest
import yaml

from agent.normalize.mapping.document import MappingText
from agent.shipped import shipped

SCHEMA = MappingText.model_json_schema()
FILES = sorted(
    path for path in shipped("mappings").glob("*/*.yaml") if path.parent.name not in ("tables", "indicators")
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_mapping_is_what_the_schema_says(path: Path) -> None:
    """An editor that knows the schema finds nothing wrong with it."""
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), SCHEMA)


def test_the_schema_refuses_a_slip() -> None:
    """A key that nobody reads is found while it is written."""
    wrong = {"event_type": "X", "also": {"event.reason": {"from": "A", "wher": {"A": "b"}}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)
