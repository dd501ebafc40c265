"""Mistakes that the loader of mappings refuses: the schema refuses them too, or a list says why it cannot."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.normalize.mapping import test_mapping
from tests.schemas.documents import accepts, documents

UNSEEN = {
    "the text is not YAML, or a key stands twice: the editor's YAML support says so": ["bad: [", "event_type: Twice"],
    "the kind of a column stands in another file": ["FOO: event.category"],
    "tables are other files": ["table: none"],
    "every_type.yaml has no event type": ["action: made"],
    "two columns of one field": ["B: message"],
}
"""Why the schema accepts what the loader refuses, to parts of the texts in tests/normalize/mapping/test_mapping.py."""

(MARK,) = test_mapping.test_an_error_names_file_and_line.pytestmark  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", [text for text, *_ in MARK.args[1]])
def test_a_wrong_mapping_is_refused(text: str) -> None:
    """Each kind that the loader's own test has."""
    try:
        seen = not all(accepts("mapping", document) for document in documents(text))
    except yaml.YAMLError:
        seen = False
    assert seen is not any(part in text for parts in UNSEEN.values() for part in parts)


@pytest.mark.parametrize(
    "change",
    [
        {"also": {"event.reason": {"from": "A", "wher": {"A": "b"}}}},
        {"also": {"event.reason": {"as": "copy"}}},
        {"also": {"event.raeson": "A"}},
        {"fields": {"A": {"field": "event.reason"}}},
        {"fields": {"A": {"field": "event.reason", "as": "copy"}}},
        {"type": {"A": {"b": ["lekage"]}}},
        {"type": {"otherwise": ["lekage"]}},
        {"action": {"A": {"b": "Did It"}}},
        {"action": {"otherwise": "Did It"}},
        {"outcome": "good"},
        {"dataset": "Two words"},
        {"aliases": "X"},
    ],
    ids=str,
)
def test_other_slips_are_refused(change: dict[str, Any]) -> None:
    """Keys, fields, conversions and words that do not exist."""
    assert accepts("mapping", {"event_type": "X"})
    assert not accepts("mapping", {"event_type": "X"} | change)
