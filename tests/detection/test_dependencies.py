"""What correlations are made of is found beside them, and speaks only where somebody asked for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from agent.detection import load, rule_files
from agent.detection.sigma.rule import Rule
from tests.detection.conftest import Write

HEAD = "title: {name}\nid: {id}\nname: {name}\nlogsource: {{product: salesforce}}\nlevel: {level}\n"
SEEN = HEAD.format(name="seen", id="11111111-1111-4111-8111-111111111111", level="low")
MANY = "title: many\nid: 22222222-2222-4222-8222-222222222222\nname: many\nlevel: high\n"
DETECTION = "detection: {sel: {A: x}, condition: sel}\n"
CORRELATION = "correlation: {type: event_count, rules: [seen], group-by: [B], timespan: 1h, condition: {gte: 2}, generate: true}\n"


@pytest.fixture
def pack(write: Write) -> Path:
    write("feeders/seen.yml", SEEN + DETECTION + "leakline: {feeder: true}\n")
    return write("access/many.yml", MANY + CORRELATION)


def names(rules: Iterable[Rule]) -> list[str]:
    return [rule.name for rule in rules]


def test_a_file_of_a_pack_loads_with_what_it_is_made_of(pack: Path) -> None:
    """`leakline hunt --rules pack/access/many.yml` needs nothing else named."""
    rules = load.load([pack])
    assert not rules.errors
    assert (names(rules.all_rules), names(rules.alerting)) == (["seen", "many"], ["many"])


def test_a_reload_finds_it_as_well(pack: Path) -> None:
    """The daemon reads folders anew by another way."""
    rules = rule_files.read([pack], rule_files.RuleFiles()).rules
    assert (names(rules.all_rules), names(rules.alerting)) == (["seen", "many"], ["many"])


def test_correlations_of_ones_own_may_be_made_of_shipped_rules(write: Write) -> None:
    """A rule that alerts in the pack is silent where only something else asked for it."""
    path = write("mine.yml", MANY + CORRELATION.replace("seen", "login_as"))
    rules = load.load([path])
    assert not rules.errors
    assert (names(rules.all_rules), names(rules.alerting)) == (["login_as", "many"], ["many"])


def test_a_name_that_is_nowhere_is_an_error_with_its_line(write: Write) -> None:
    """It is not looked for outside the packs."""
    path = write("access/many.yml", MANY + CORRELATION.replace("seen", "../../etc/passwd"))
    (error,) = load.load([path]).errors
    assert (error.path, error.line) == (path, 5)


def test_a_feeder_is_silent_though_its_correlation_says_generate(pack: Path) -> None:
    """`generate` is for rules with an alert of their own."""
    assert names(load.load([pack.parent.parent]).alerting) == ["many"]


def test_a_rule_that_is_disabled_feeds_on_in_silence(write: Write) -> None:
    """A correlation with `generate: true` does not bring back what the settings left out."""
    write("access/seen.yml", SEEN + DETECTION)
    many = write("access/many.yml", MANY + CORRELATION)
    rules = load.load([many.parent])
    assert names(rules.alerting) == ["seen", "many"]
    assert names(rules.selected(without=["seen"]).alerting) == ["many"]
    assert names(rules.selected(minimum="high").alerting) == ["many"]
