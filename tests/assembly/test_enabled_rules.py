"""Which rules run: what the settings choose, and the values they give."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from agent.assembly.enabled_rules import enabled_rules
from agent.config.settings import RuleSettings, ValuesFile
from agent.detection.authoring.samples import holds
from agent.detection.rule_set import RuleSet
from agent.enrichment.settings import EnrichSettings
from agent.errors import SettingsError

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
    return {rule.name for rule in enabled_rules(wanted, EnrichSettings())}


def test_deprecated_and_unsupported_rules_run_only_if_asked_for(folder: Path) -> None:
    """As Sigma means its statuses."""
    assert chosen(folder) == {"new", "sure"}
    assert chosen(folder, statuses=["deprecated"]) == {"old"}


def test_level_and_name_are_chosen_by(folder: Path) -> None:
    """The least level, and rules that do not run."""
    assert chosen(folder, minimum_level="medium") == {"new"}
    assert chosen(folder, disabled=["new"]) == {"sure"}


def test_names_that_disable_nothing_are_told(folder: Path) -> None:
    """A slip of the pen would leave a rule running that somebody believes to be off."""
    (folder / "burst.yml").write_text(
        "title: Burst\nname: burst\ncorrelation: {type: event_count, rules: [sure], timespan: 1h, condition: {gte: 9}}\n"
    )
    wanted = RuleSettings(folders=[folder], shipped=False, disabled=["new", "nwe", "sure", "burst"])
    assert [name for name, _ in enabled_rules(wanted, EnrichSettings()).ineffective_disables] == ["nwe", "sure"]


def test_values_come_from_a_file(folder: Path, tmp_path: Path) -> None:
    """One a line, with comments and a byte order mark."""
    values = tmp_path / "bad.txt"
    values.write_text("\ufeff# dated 2026-07-01\n192.0.2.7\n\n198.51.100.*\n", encoding="utf-8")
    wanted = RuleSettings(folders=[folder], shipped=False, placeholders={"BadAddresses": ValuesFile(file=values)})
    rule = enabled_rules(wanted, EnrichSettings())["new"]
    assert [holds(rule, {"CLIENT_IP": ip}) for ip in ("192.0.2.7", "198.51.100.3", "# dated 2026-07-01", "")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_file_of_values_that_is_not_there_is_wrong_configuration(folder: Path, tmp_path: Path) -> None:
    """A rule that silently matched nothing would be worse."""
    wanted = RuleSettings(folders=[folder], placeholders={"BadAddresses": ValuesFile(file=tmp_path / "none.txt")})
    with pytest.raises(SettingsError, match=r"rules\.placeholders\.BadAddresses: .*none\.txt cannot be read"):
        enabled_rules(wanted, EnrichSettings())


MANY = """
title: Row
name: row
logsource: {product: salesforce, service: event_log_file}
detection:
  sel: {ROWS|gte: 10}
  condition: sel
---
title: Many
name: many
correlation: {type: event_count, rules: [row], group-by: [USER_ID], timespan: 1h, condition: {gte: 5}}
---
title: Between
name: between
correlation: {type: event_count, rules: [row], group-by: [USER_ID], timespan: 1h, condition: {gte: 5, lt: 9}}
---
title: Unusual
name: unusual
baseline: {type: volume, rules: [row], group-by: [USER_ID], timespan: 1h, condition: {ratio: 5, gte: 100}}
"""


@pytest.fixture
def adjustable(tmp_path: Path) -> Path:
    (tmp_path / "many.yml").write_text(MANY)
    return tmp_path


def adjusted(folder: Path, **wanted: Any) -> RuleSet:
    settings = RuleSettings(folders=[folder], shipped=False, adjust=wanted)
    rules = enabled_rules(settings, EnrichSettings())
    assert not rules.errors
    return rules


def test_a_threshold_of_the_settings_counts(adjustable: Path) -> None:
    """Of a rule for single events, of a correlation and of a baseline; the rule's file stays as it is."""
    rules = adjusted(
        adjustable,
        row={"threshold": 20},
        many={"threshold": 7, "timespan": "2h", "level": "critical"},
        unusual={"ratio": 8, "threshold": 200, "minimum_history": "2d"},
    )
    assert [holds(rules["row"], {"ROWS": rows}) for rows in ("19", "20")] == [False, True]
    many = next(correlation for correlation in rules.correlations if correlation.rule.name == "many")
    assert (many.threshold, many.span, many.quiet, many.rule.level) == (
        7,
        timedelta(hours=2),
        timedelta(hours=2),
        "critical",
    )
    (unusual,) = rules.baselines
    assert (unusual.bounds["ratio"], unusual.bounds["gte"], unusual.minimum) == (8, 200, timedelta(days=2))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"none": {"level": "low"}}, r"rules\.adjust\.none: no rule has this id"),
        ({"row": {"timespan": "1h"}}, r"rules\.adjust\.row\.timespan: a rule for single events does not have this setting"),
        ({"row": {"ratio": 2}}, r"rules\.adjust\.row\.ratio: a rule for single events does not have this setting"),
        ({"many": {"ratio": 2}}, r"rules\.adjust\.many\.ratio: a correlation does not have this setting"),
        ({"between": {"threshold": 2}}, r"rules\.adjust\.between\.threshold: the condition has 2 bounds"),
        ({"unusual": {"distance": 2}}, r"rules\.adjust\.unusual: `distance` is not a bound"),
        ({"unusual": {"minimum_history": "28d"}}, r"rules\.adjust\.unusual\.minimum_history: .* never alert"),
        ({"unusual": {"timespan": "2h"}}, r"rules\.adjust\.unusual\.timespan: a baseline does not have this setting"),
    ],
)  # fmt: skip
def test_an_adjustment_that_does_not_fit_is_wrong_configuration(adjustable: Path, wanted: Any, words: str) -> None:
    """It is named with its key."""
    with pytest.raises(SettingsError, match=words):
        adjusted(adjustable, **wanted)
