"""What the tests of detection share."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import pytest
import yaml

from agent.detection.condition.tree import Node
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.rule import Rule


def condition_of(detection: str | Mapping[str, object]) -> Node:
    """The condition of a rule with this `detection` (YAML, or what it stands for)."""
    return rule_of(
        {"detection": yaml.safe_load(detection) if isinstance(detection, str) else dict(detection)}
    ).condition


def rule_of(data: Mapping[str, object]) -> Rule:
    """A rule for log files; `data` over what every rule needs."""
    whole = {
        "title": "A rule",
        "id": "6f0d3a43-6b2f-4d34-9f3c-0f6d3f6a7c11",
        "logsource": {"product": "salesforce", "service": "event_log_file"},
        **data,
    }
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rule.yml"
        path.write_text(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8")
        rules = load([path])
    assert not rules.errors, rules.errors
    return rules.rules[0]


Write = Callable[[str, str], Path]
"""Writes a rule file of this name with this text."""


class LoadText(Protocol):
    """Loads rules from a text; settings as `agent.detection.load.load` has them."""

    def __call__(self, text: str, **settings: Any) -> RuleSet: ...


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write rule files: `write("a.yml", text)`; the text may be indented."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write_file


@pytest.fixture
def loaded(write: Write) -> LoadText:
    """Load rules from the text of one file."""

    def load_text(text: str, **settings: Any) -> RuleSet:
        return load([write("rules.yml", text)], **settings)

    return load_text
