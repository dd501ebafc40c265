"""The schemas that `leakline schema` prints: what is shipped fits them, and editors find them in packaging/schemas."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
import yaml
from typer.testing import CliRunner

from agent.cli.app import app
from agent.cli.output.schemas import DRAFT, SCHEMAS, schema
from agent.detection import load
from tests.config.settings_example import EXAMPLE, uncommented
from tests.config.test_settings import minimal
from tests.schemas.documents import complaints, documents

ROOT = Path(__file__).parents[2]

RULES = [path for path in load.files([ROOT / "rules"]) if path.suffix == ".yml"]
MAPPINGS = sorted(
    path for path in (ROOT / "mappings").glob("*/*.yaml") if path.parent.name not in ("tables", "indicators")
)
BLOCKS = [
    pytest.param(block, id=f"{path.name}-{number}")
    for path in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    for number, block in enumerate(re.findall(r"```yaml\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL))
]
"""Blocks of YAML in README and docs."""

SETTINGS_KEYS = {"orgs", "destinations", "inbound", "state", "normalize", "enrich", "rules", "log", "metrics"}


@pytest.mark.parametrize("kind", SCHEMAS)
def test_editors_find_the_schema_that_the_command_prints(kind: str) -> None:
    """packaging/schemas holds what `leakline schema` prints. If this fails: `make schemas`."""
    printed = CliRunner().invoke(app, ["schema", kind])
    assert printed.stdout_bytes == (ROOT / "packaging" / "schemas" / f"{kind}.json").read_bytes()


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_means_the_same_in_two_drafts(kind: str) -> None:
    """It is sound as the draft it names and as the newest, and nothing stands beside a reference."""
    found = schema(kind)
    assert found["$schema"] == DRAFT
    jsonschema.Draft7Validator.check_schema(found)
    jsonschema.Draft202012Validator.check_schema(found)
    assert list(beside_references(found)) == []


def beside_references(value: Any) -> Any:
    """Parts in which a keyword would count for nothing in draft 7."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str) and len(value) > 1:
            yield value
        for part in value.values():
            yield from beside_references(part)
    elif isinstance(value, list):
        for part in value:
            yield from beside_references(part)


@pytest.mark.parametrize("path", RULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_rule_fits_its_schema(path: Path) -> None:
    """Rules, correlations, baselines and what feeds them."""
    found = documents(path.read_text(encoding="utf-8"))
    assert found
    assert [complaints("rule", document) for document in found] == [[]] * len(found)


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_mapping_fits_its_schema(path: Path) -> None:
    """Those of event types, and what all types of a service share."""
    (document,) = documents(path.read_text(encoding="utf-8"))
    assert complaints("mapping", document) == []


@pytest.mark.parametrize("alternatives", [None, False], ids=["as it stands", "every comment taken out"])
def test_the_example_settings_fit_their_schema(alternatives: bool | None) -> None:
    """So an editor completes them without a complaint."""
    text = EXAMPLE.read_text(encoding="utf-8")
    (document,) = documents(text if alternatives is None else uncommented(text, alternatives=alternatives))
    assert complaints("settings", document) == []


@pytest.mark.parametrize("block", BLOCKS)
def test_settings_in_the_documents_fit_their_schema(block: str) -> None:
    """A block with keys of the settings file is a whole file, or a part that fits into the smallest one."""
    for document in documents(block):
        if isinstance(document, dict) and document.keys() <= SETTINGS_KEYS:
            assert complaints("settings", minimal() | document) == []


def test_the_example_names_its_schema() -> None:
    """Its first line leads an editor to the file beside it."""
    named = re.match(r"# yaml-language-server: \$schema=(\S+)\n", EXAMPLE.read_text(encoding="utf-8"))
    assert named
    assert json.loads((EXAMPLE.parent / named[1]).read_bytes()) == schema("settings")


def test_every_setting_has_its_meaning_in_the_schema() -> None:
    """And a default that is written as it would be in the file."""
    found = schema("settings")
    for name, model in {"": found, **found["$defs"]}.items():
        for key, setting in model["properties"].items():
            assert setting.get("description") or setting["$ref"], f"{name}.{key}"
            assert not re.search(r'"P\d*T?\d', orjson.dumps(setting.get("default")).decode()), f"{name}.{key}"


def test_what_an_old_rule_of_several_documents_lacks_is_not_asked_for() -> None:
    """A document with `action` takes the rest from another one."""
    (document,) = documents(yaml.safe_dump({"action": "global", "logsource": {"product": "salesforce"}}))
    assert complaints("rule", document) == []
