"""Which rules run: what the settings choose, and the values they give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.chosen_rules import chosen_rules
from agent.config import RuleSettings
from agent.detection.samples import holds
from agent.errors import SettingsError
from agent.normalize.enrich import EnrichSettings

RULE = """
title: {name}
name: {name}
status: {status}
level: {level}
logsource: {{product: salesforce, service: event_log_file}}
detection:
  sel: {{CLIENT_IP|expand: '%BadAddresses%'}}
  condition: sel
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "rules"
    place.mkdir()
    for name, status, level in (
        ("old", "deprecated", "high"),
        ("new", "experimental", "high"),
        ("sure", "stable", "low"),
        ("never", "unsupported", "high"),
    ):
        (place / f"{name}.yml").write_text(RULE.format(name=name, status=status, level=level))
    return place


def chosen(folder: Path, **settings: Any) -> set[str]:
    wanted = RuleSettings(folders=[folder], shipped=False, **settings)
    return {rule.name for rule in chosen_rules(wanted, EnrichSettings())}


def test_deprecated_and_unsupported_rules_run_only_if_asked_for(folder: Path) -> None:
    """As Sigma means its statuses."""
    assert chosen(folder) == {"new", "sure"}
    assert chosen(folder, statuses=["deprecated"]) == {"old"}


def test_level_and_name_are_chosen_by(folder: Path) -> None:
    """The least level, and rules that do not run."""
    assert chosen(folder, minimum_level="medium") == {"new"}
    assert chosen(folder, disabled=["new"]) == {"sure"}


def test_values_come_from_a_file(folder: Path, tmp_path: Path) -> None:
    """One a line, with comments and a byte order mark."""
    values = tmp_path / "bad.txt"
    values.write_text("\ufeff# dated 2026-07-01\n192.0.2.7\n\n198.51.100.*\n", encoding="utf-8")
    wanted = RuleSettings(folders=[folder], shipped=False, placeholders={"BadAddresses": {"file": values}})
    rule = chosen_rules(wanted, EnrichSettings())["new"]
    assert [holds(rule, {"CLIENT_IP": ip}) for ip in ("192.0.2.7", "198.51.100.3", "# dated 2026-07-01", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_file_of_values_that_is_not_there_is_wrong_configuration(folder: Path, tmp_path: Path) -> None:
    """A rule that silently matched nothing would be worse."""
    wanted = RuleSettings(folders=[folder], placeholders={"BadAddresses": {"file": tmp_path / "none.txt"}})
    with pytest.raises(SettingsError, match=r"rules\.placeholders\.BadAddresses: .*none\.txt cannot be read"):
        chosen_rules(wanted, EnrichSettings())
