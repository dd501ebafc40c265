"""How the files of the pack are written: each detection once, twins joined, one order of keys."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.detection import load
from agent.detection.authoring.lint import KEYS

RULES = Path(__file__).parents[2] / "rules"
PATHS = [path for path in load.files([RULES]) if path.suffix == ".yml"]
DOCUMENTS = [(path, document) for path in PATHS for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def named_alike(detection: dict[str, Any]) -> str:
    """A detection as text, whatever its selections are called."""
    names = sorted((name for name in detection if name != "condition"), key=lambda name: json.dumps(detection[name]))
    words = json.dumps(detection["condition"]).replace("(", " ( ").replace(")", " ) ").replace('"', " ").split()
    places = {name: f"s{place}" for place, name in enumerate(names)}
    return json.dumps([[detection[name] for name in names], [places.get(word, word) for word in words]])


def test_equal_detections_stand_once() -> None:
    """What two rules are fed by is one feeder, so that a repair is made once."""
    found = defaultdict(list)
    for _, document in DOCUMENTS:
        if "detection" in document:
            key = json.dumps(document["logsource"], sort_keys=True) + named_alike(document["detection"])
            found[key].append(document["name"])
    assert [names for names in found.values() if len(names) > 1] == []


def test_a_document_alerts_or_feeds() -> None:
    """What has no words for an analyst says that it only feeds others, and nothing that feeds is without a reader."""
    loaded = load.load([RULES])
    bases = {base for derived in loaded.derived for base in derived.bases}
    for _, document in DOCUMENTS:
        own = document["leakline"]
        assert own == {"feeder": True} or {"family", "feed", "level_reason", "triage"} <= own.keys(), document["name"]
        if "feeder" in own:
            assert document["id"] in bases, document["name"]


def test_the_feeders_folder_holds_what_several_rules_are_made_of() -> None:
    """A feeder of one rule lies with that rule."""
    loaded = load.load([RULES])
    shared = {rule.id for rule in loaded if rule.path.parent.name == "feeders"}
    for rule in shared:
        assert len([derived for derived in loaded.derived if rule in derived.bases]) > 1, loaded[rule].name


def test_twins_name_each_other() -> None:
    """`related` leads both ways, and to rules that are there; what a rule made obsolete is gone."""
    related = {
        document["id"]: {twin["id"]: twin["type"] for twin in document.get("related", ())} for _, document in DOCUMENTS
    }
    for rule, twins in related.items():
        for twin, kind in twins.items():
            assert twin not in related if kind == "obsolete" else rule in related[twin]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_keys_stand_in_one_order(path: Path) -> None:
    """So that two rules can be read side by side."""
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        assert list(document) == sorted(document, key=KEYS.index)
