"""The rules on what integrations report: quiet while nothing is wrong, and each fires when its scenario is played."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from agent.detection.sigma.log_source import services
from agent.simulator.middleware.planted import SCENARIOS
from agent.simulator.world.sessions import midnight
from agent.simulator.world.staff import Staff
from tests.assess.agent_under_test import Agent
from tests.assess.calendar import FIRST
from tests.assess.inbound_batches import inbound_batches

LEARNING, INNOCENT = 24, 14
"""Days; the second is judged, and in the day after it the scenarios are played."""
QUIET = ("sync_failed",)
"""What may call on innocent days, at the level low: failures are among them."""


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> tuple[Counter[str], Counter[str], dict[str, str]]:
    """Alerts by rule, of the innocent days and of the day with scenarios, and each rule's level."""
    agent = Agent("00D000000000001AAA", Staff(7, 20), tmp_path_factory.mktemp("agent"), FIRST)
    names = {rule.id: rule.name for rule in agent.rules.alerting}
    begin, last = midnight(FIRST), LEARNING + INNOCENT
    innocent, planted = Counter[str](), Counter[str]()
    for read in inbound_batches(7, begin, last + 1, tuple(SCENARIOS), hours=12):
        alerts, _ = agent.take_object(read)
        if alerts.height:
            day = (read.created - 1 - begin) // 86_400_000
            raised = [
                names[rule]
                for rule, action in alerts.select("rule.id", "event.action").rows()
                if action == "alert-raised"
            ]
            (planted if day >= last else innocent).update(raised if day >= LEARNING else ())
    return innocent, planted, {rule.name: rule.level for rule in agent.rules.alerting}


def test_innocent_days_raise_nothing_above_low(called: tuple[Counter[str], Counter[str], dict[str, str]]) -> None:
    """Failures that the next attempt gets past are told, and nothing else is."""
    innocent, _, levels = called
    assert set(innocent) <= set(QUIET)
    assert all(levels[name] == "low" for name in innocent)
    assert innocent.total() / INNOCENT < 10


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name != "heartbeat_stops"])
def test_each_scenario_is_found(called: tuple[Counter[str], Counter[str], dict[str, str]], scenario: str) -> None:
    """By the rules that are there for it."""
    assert {rule for rule in SCENARIOS[scenario].rules if not called[1][rule]} == set()


def test_each_rule_has_a_scenario(tmp_path: Path) -> None:
    """No rule on reports is without a story in which it fires; those on messages of Salesforce have samples alone."""
    agent = Agent("00D000000000001AAA", Staff(7, 20), tmp_path, FIRST)
    inbound = {rule.id for rule in agent.rules if services(rule.logsource) == {"inbound"}}
    derived = {rule.rule.id for rule in agent.rules.derived if inbound & set(rule.bases)}
    played = {rule for scenario in SCENARIOS.values() for rule in scenario.rules}
    alerting = {rule.name for rule in agent.rules.alerting if rule.id in inbound | derived}
    assert {name for name in alerting - played if not name.startswith("outbound_message_")} == set()
