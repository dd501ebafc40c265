"""Each drill scenario is found by its rules, whenever it is played."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from agent.drills.planting.catalogue import SCENARIOS
from agent.drills.planting.scenario import DrillScenario
from agent.notice.incidents.incident import LEVELS
from tests.drills.planting.drilled_shard import DrilledShard, processing, raised, rows_of
from tests.notice.incidents.answering import Answering

FRIDAY = datetime(2026, 11, 27, tzinfo=UTC)
MOMENTS = {
    "just after midnight": (FRIDAY + timedelta(minutes=1, seconds=13.25), False),
    "early": (FRIDAY + timedelta(hours=4, minutes=59, seconds=59.999), True),
    "late": (FRIDAY + timedelta(hours=22, minutes=47, seconds=1), True),
    "on a Sunday, years later": (datetime(2031, 6, 1, 10, tzinfo=UTC), False),
}
"""Each with whether the settings name networks, integrations, approved apps and places of addresses: neither hides a leak."""
NOON = FRIDAY + timedelta(hours=12)
"""The fourth hour at which each is played on a working day."""

each = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS.keys())


@each
@pytest.mark.parametrize(("moment", "knows_its_org"), MOMENTS.values(), ids=MOMENTS.keys())
def test_a_scenario_is_found_at_any_time(scenario: DrillScenario, moment: datetime, knows_its_org: bool) -> None:
    """By every rule that it names, in a shard that has learnt nothing, as one incident of its level or above."""
    shard = DrilledShard(processing(knows_its_org=knows_its_org))
    alerts = shard.take(rows_of(scenario, "drill-1", moment), moment)
    is_found(scenario, alerts, moment)


@each
def test_the_next_drill_is_found_too(scenario: DrillScenario) -> None:
    """At noon, and a quarter of an hour later: what the shard remembers of one drill takes nothing from another."""
    shard = DrilledShard(processing())
    is_found(scenario, shard.take(rows_of(scenario, "drill-1", NOON), NOON), NOON)
    later = NOON + timedelta(minutes=15)
    is_found(scenario, shard.take(rows_of(scenario, "drill-2", later), later), later)


@each
def test_without_its_rules_a_scenario_is_not_found(scenario: DrillScenario) -> None:
    """So a drill fails when the rules that it tries are off."""
    off = tuple(sorted({rule for known in SCENARIOS.values() for rule in known.rules}))
    alerts = DrilledShard(processing(disabled=off)).take(rows_of(scenario, "drill-1", NOON), NOON)
    assert raised(alerts, scenario.rules).is_empty()


def is_found(scenario: DrillScenario, alerts: pl.DataFrame, now: datetime) -> None:
    of_rules = raised(alerts, scenario.rules)
    assert set(of_rules["rule.id"]) == scenario.rules
    incidents = Answering()
    incidents.take(of_rules, now)
    incident = incidents.only()
    assert LEVELS.index(incident.level) >= LEVELS.index(scenario.level)
    assert now - timedelta(hours=6) < incident.first_event < now
