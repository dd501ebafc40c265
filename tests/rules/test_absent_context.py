"""Nothing known of users, apps and networks: rules that leave out what is known must not take everything for unknown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.detection.condition.tree import And, Match, Node, Not, Or
from agent.detection.load import load
from agent.detection.rule_set import RuleSet
from agent.hunt.hunt import Hunt
from agent.shipped import shipped

GOLDEN = sorted((Path(__file__).parent.parent / "golden").glob("*.csv"))
"""Ordinary rows of every event type."""


def negated(node: Node, *, under: bool = False) -> Iterator[str]:
    """Computed fields that a condition looks at behind an odd number of `not`."""
    match node:
        case Match(str(name), _) if under and "." in name:
            yield name
        case And(children) | Or(children):
            for child in children:
                yield from negated(child, under=under)
        case Not(child):
            yield from negated(child, under=not under)


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    """The rules of the pack that alert by themselves and negate something computed."""
    loaded = load([shipped("rules")])
    return RuleSet(tuple(rule for rule in loaded if any(negated(rule.condition)) and rule.id not in loaded.feeder_ids))


def test_there_are_such_rules(rules: RuleSet) -> None:
    """Otherwise the next test would hold of nothing."""
    assert len(rules) >= 3


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_ordinary_rows_are_no_alert_where_nothing_is_known(path: Path, rules: RuleSet) -> None:
    """Without lists, networks, databases and look-ups."""
    search = Hunt(rules)
    found = [alert["rule"]["name"] for tried in search.read(path) for alert in search.alerts(tried, path)]
    assert found == []
