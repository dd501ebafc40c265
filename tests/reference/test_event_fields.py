"""docs/reference/event_fields.md has every field that the code makes, and none that it does not."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.normalize.mapping.ecs_fields import ecs_table
from tests.golden.documents import FOLDER, shipped_normalizer
from tests.reference.event_fields_page import event_fields, mapped

AGENT = Path(__file__).parents[2] / "agent"

MAKERS = (
    "normalize",
    "enrichment",
    "detection",
    "sources",
    "store",
    "daemon",
    "drills",
    "changes",
    "pipeline",
    "columns",
    "check",
    "hunt",
    "trail",
    "notice",
    "own_event.py",
)
"""Rooms that give fields to events."""

NO_FIELDS = {
    "leakline.agent", "leakline.settings", "leakline.drill", "leakline.alert", "leakline.incident", "leakline.event", "leakline.measure",  # data sets, and words of other things
    "salesforce.event_log_file", "salesforce.com", "salesforce.mil",
    "tags", "message", "event", "user", "source", "file", "rule", "threat", "url", "error", "network", "group", "package",
    "process", "service", "related", "agent", "host", "labels",
}  # fmt: skip
"""Texts in the code that look like fields and are not meant as such."""

READ_ONLY = {
    "file.extension", "network.protocol", "source.domain", "source.geo.name",
    "process.name", "observer.hostname",
}  # fmt: skip
"""Fields that nothing fills yet, though something would read them."""

COMPUTED_NAMES = (
    "leakline.baseline.",
    "leakline.indicator.",
    "leakline.number.",
    "threat.",
    "url.",
    "client.",
    "source.geo.location.",
)
"""What begins so is put together from parts; their last words are in the code."""


def texts() -> Iterator[str]:
    """Every text in the code of the rooms that make fields."""
    for path in sorted(AGENT.rglob("*.py")):
        if path.relative_to(AGENT).parts[0] in MAKERS and "long_rows" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


@pytest.fixture(scope="module")
def said() -> set[str]:
    return set(texts())


def dotted(document: dict[str, Any], before: str = "") -> Iterator[str]:
    for name, value in document.items():
        if isinstance(value, dict):
            yield from dotted(value, f"{before}{name}.")
        else:
            yield before + name


def test_every_field_in_the_code_has_a_meaning(said: set[str]) -> None:
    """If this fails: say in tests/reference/event_fields.yaml what the field means, then `make reference`."""
    ecs = ecs_table().fields
    own = {text for text in said if re.fullmatch(r"(leakline|salesforce)(\.[a-z_]+)+", text) and text[-1] != "_"}
    fields = {text for text in said if text in ecs} | own
    columns = {name for name in mapped(shipped_normalizer().mappings) if name.startswith("salesforce.")}
    assert fields - event_fields().keys() - columns - NO_FIELDS - READ_ONLY == set()


def test_every_mapped_field_has_a_meaning() -> None:
    """But for those that are named after their columns."""
    found = {name for name in mapped(shipped_normalizer().mappings) if not name.startswith("salesforce.")}
    assert found - event_fields().keys() == set()


def test_every_field_of_the_golden_events_is_on_the_page() -> None:
    """Whatever the log files bring."""
    known = event_fields().keys() | mapped(shipped_normalizer().mappings).keys()
    found = {
        name
        for path in FOLDER.glob("*.ndjson")
        for line in path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        for name in dotted(json.loads(line))
    }
    assert {name for name in found - known if not name.startswith("leakline.number.")} == set()


def test_every_field_with_a_meaning_is_made_somewhere(said: set[str]) -> None:
    """A meaning of a field that is gone goes too."""
    made = said | mapped(shipped_normalizer().mappings).keys()
    last_words = {text.rpartition(".")[2] for text in said} | {"NAME"}
    gone = {
        name
        for name in event_fields().keys() - made
        if not (name.startswith(COMPUTED_NAMES) and name.rpartition(".")[2] in last_words)
    }
    assert gone == set()
