"""What drills can play."""

from __future__ import annotations

from collections import Counter

from agent.drills.planting.catalogue import SCENARIOS
from agent.notice.incidents.incident import LEVELS
from tests.drills.planting.drilled_shard import processing


def test_every_family_has_scenarios() -> None:
    """Four families, at least three of each, at least two dozen in all."""
    families = Counter(scenario.family for scenario in SCENARIOS.values())
    assert families.keys() == {"exfiltration", "sync", "provisioning", "configuration"}
    assert min(families.values()) >= 3
    assert families.total() >= 24


def test_scenarios_name_rules_of_their_level() -> None:
    """Each rule is shipped, raises alerts by itself, and has the scenario's level at least."""
    levels = {rule.id: rule.level for rule in processing().rules.alerting}
    for scenario in SCENARIOS.values():
        assert scenario.rules
        for rule in scenario.rules:
            assert LEVELS.index(levels[rule]) >= LEVELS.index(scenario.level), (scenario.name, rule)
