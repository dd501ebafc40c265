"""Every setting stands in the example file and in the schema, with its default and an explanation."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from agent.config.settings import Settings, parse
from tests.config.settings_example import EXAMPLE, Shown, shown, uncommented

WHERE = EXAMPLE.name


def components(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every settings model that an annotation mentions, and those below it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        for field in annotation.model_fields.values():
            yield from components(field.annotation)
    elif get_origin(annotation) in (Union, UnionType, Annotated, list, dict):
        for part in get_args(annotation):
            yield from components(part)


SETTINGS = [
    (component, field.alias or key, field)
    for component in dict.fromkeys(components(Settings))
    for key, field in component.model_fields.items()
]


@pytest.fixture(scope="module")
def example() -> list[Shown]:
    return shown(EXAMPLE.read_text())


def of(example: list[Shown], component: type[BaseModel], key: str) -> list[Shown]:
    return [entry for entry in example if entry.component is component and entry.key == key]


def test_the_example_shows_every_setting_of_every_component(example: list[Shown]) -> None:
    """A `timeout` of one component does not excuse the missing `timeout` of another."""
    missing = [
        f"{WHERE}: `{key}` of {component.__name__} is missing; add `# {key}: {default(field)}  # {field.description}`"
        for component, key, field in SETTINGS
        if not of(example, component, key)
    ]
    assert missing == [], "\n".join(missing)


def test_the_example_shows_the_defaults(example: list[Shown]) -> None:
    """What is commented out is the default, wherever there is one to be written."""
    other = [
        f"{WHERE}:{entries[0].line}: `{key}` of {component.__name__} shows {entries[0].value!r}, "
        f"its default is {default(field)}"
        for component, key, field in SETTINGS
        if has_plain_default(field)
        and (entries := of(example, component, key))
        and all(adapter(field).validate_python(entry.value) != field.default for entry in entries)
    ]
    assert other == [], "\n".join(other)


def test_the_example_explains_every_setting(example: list[Shown]) -> None:
    """Beside it or on the line before it there is a comment, at least once in each component."""
    bare = [
        f"{WHERE}:{entries[0].line}: `{key}` of {component.__name__} has no explanation"
        for component, key, _ in SETTINGS
        if (entries := of(example, component, key)) and not any(entry.explained for entry in entries)
    ]
    assert bare == [], "\n".join(bare)


def test_everything_that_the_example_shows_can_be_set() -> None:
    """With every comment taken out, save those of alternatives, the example is well formed."""
    import yaml

    settings = parse(yaml.safe_load(uncommented(EXAMPLE.read_text(), alternatives=False)))
    assert settings.orgs[0].proxy is not None
    assert settings.metrics.port is not None
    assert settings.rules.disabled == ["report_export_at_night"]


def test_the_schema_describes_every_setting() -> None:
    """`leakline schema settings` prints a JSON schema with a meaning for each key, and defaults as people write them."""
    command = [sys.executable, "-m", "agent", "schema", "settings"]
    schema = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=240).stdout)
    found = {"Settings": schema, **schema["$defs"]}
    for component, key, _ in SETTINGS:
        shown_as = found[component.__name__]["properties"][key]
        behind = found.get(shown_as.get("$ref", "").rpartition("/")[2], {})
        assert "description" in shown_as | behind, f"{component.__name__}.{key}"
    assert found["EventLogFileSettings"]["properties"]["every"]["default"] == "10m"
    assert found["RuleSettings"]["properties"]["fold"]["default"] == "1h"


def has_plain_default(field: FieldInfo) -> bool:
    default = field.default
    return not (
        field.is_required() or field.default_factory is not None or default is None or isinstance(default, BaseModel)
    )


def adapter(field: FieldInfo) -> TypeAdapter[Any]:
    kind: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(kind)


def default(field: FieldInfo) -> str:
    """As it would be written."""
    if not has_plain_default(field):
        return "…"
    return str(adapter(field).dump_python(field.default, mode="json"))
