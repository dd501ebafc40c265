"""Each rule that listens to a source of objects fires on the simulated org when the scenarios are played."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.detection.correlation.definition.correlation import feeding_rules
from agent.detection.rule_set import RuleSet
from agent.detection.sigma.log_source import SALESFORCE, services
from agent.simulator.scenarios import staged
from agent.simulator.scenarios.configuration import CONFIGURATION
from agent.simulator.world.sessions import Timetable
from agent.simulator.world.staff import Staff
from tests.assess.agent_under_test import Agent
from tests.assess.calendar import FIRST
from tests.assess.log_file_texts import Span, planted_files
from tests.assess.object_batches import ObjectBatch, object_batches
from tests.assess.run import Reading

SERVICES = {"setup_audit_trail", "login_history", "provisioning", "sessions", "object"}
PLAYED = (*CONFIGURATION, "login_as_export", "password_spray_then_login", "voice_phished_app")


@pytest.fixture(scope="module")
def quiet_and_played() -> tuple[Span, Span]:
    """A day of sixty people: as it is, and with the scenarios on it."""
    staff = Staff(7, 60)
    span = Span(7, staff, 1_000, FIRST, 1, 1)
    stages = staged(PLAYED, 7, staff, Timetable(7, staff), span.window)
    return span, replace(
        span,
        planted_events=tuple(event for stage in stages for event in stage.events),
        changes=tuple(change for stage in stages for change in stage.changes),
        versions=tuple(version for stage in stages for version in stage.versions),
    )


def fired(span: Span, folder: Path) -> tuple[RuleSet, set[str]]:
    """The pack, and the names of the rules that called."""
    agent, found = Agent(span.org, span.staff, folder, FIRST), set[str]()
    files: Iterator[Reading] = planted_files(span)
    for read in heapq.merge(files, object_batches([span]), key=lambda reading: reading.created):
        alerts, _ = agent.take_object(read) if isinstance(read, ObjectBatch) else agent.take(read)
        if alerts.height:
            found |= set(alerts["rule.id"])
    rules: RuleSet = agent.rules
    return rules, {rule.name for rule in rules.alerting if rule.id in found}


def listening(rules: RuleSet) -> set[str]:
    """The alerting rules that are for sources of objects, by themselves or through what feeds them."""
    sources = {rule.id: services(rule.logsource) & SALESFORCE for rule in rules}
    fed = feeding_rules(rules.correlations)
    return {
        rule.name
        for rule in rules.alerting
        if any(
            sources.get(base, frozenset()) & SERVICES and sources[base] != SALESFORCE
            for base in fed.get(rule.id, {rule.id})
        )
    }


def test_each_rule_for_objects_fires(quiet_and_played: tuple[Span, Span], tmp_path: Path) -> None:
    """The change in Setup, the record or the login goes through mapping, enrichment and detection."""
    rules, names = fired(quiet_and_played[1], tmp_path)
    wanted = listening(rules)
    assert len(wanted) > 70
    assert wanted - names == set()


def test_an_ordinary_day_raises_little(quiet_and_played: tuple[Span, Span], tmp_path: Path) -> None:
    """Nothing high or critical, and every grant that the audit trail tells of is known to be told."""
    rules, names = fired(quiet_and_played[0], tmp_path)
    loud = {rule.name for rule in rules.alerting if rule.level in ("high", "critical")}
    assert names & loud == set()
